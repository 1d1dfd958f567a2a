#pragma once

/// \file
/// Reads coupon events (issuings, redemptions, refunds) from the ledger, to compare them with
/// WeChat Pay's records.

#include <chrono>
#include <optional>
#include <vector>

#include "server/config/config.hpp"
#include "server/outbound/platform_records.hpp"
#include "storage/ledger_reader.hpp"
#include "wechatpay/compare.hpp"

namespace couponhook::server {

using KnownFacts = std::vector<wechatpay::KnownFact>;

/// Returns the time since which the ledger certainly holds all coupon events. Older events may have
/// been removed, because their retention time was over.
/// \return nothing if the ledger keeps coupon events forever.
[[nodiscard]] std::optional<std::chrono::sys_seconds> facts_known_since(
    const StoreConfig& store, std::chrono::sys_seconds now);

/// Returns the redemptions or refunds in the ledger that belong to the stock (coupon batch) of a
/// flow file, WeChat Pay's settlement file.
/// \param records the records in that flow file. A refund names only its transaction. So refunds
///   are looked up by the transactions in `records` and by the transactions of the stock's
///   redemptions.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_flow(
    storage::LedgerReader& reader, const FlowName& flow, const PlatformRecords& records);

/// Returns the reports in the ledger of one refund that say it succeeded: none or one.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_refund(
    storage::LedgerReader& reader, const wechatpay::Refund& refund);

/// Returns all events in the ledger about the coupons in `records`. The ledger stores no users, so
/// the events of a user can only be found through the user's coupons.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_named_coupons(
    storage::LedgerReader& reader, const PlatformRecords& records);

}  // namespace couponhook::server
