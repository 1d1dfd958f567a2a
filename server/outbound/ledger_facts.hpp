#pragma once

/// \file
/// Reads facts from the ledger for a comparison with WeChat Pay's records.

#include <chrono>
#include <optional>
#include <vector>

#include "server/config/config.hpp"
#include "server/outbound/platform_records.hpp"
#include "storage/ledger_reader.hpp"
#include "wechatpay/compare.hpp"

namespace couponhook::server {

using KnownFacts = std::vector<wechatpay::KnownFact>;

/// \return the time since which the ledger has certainly kept all facts, by the ledger's retention;
/// nothing if the ledger keeps facts forever.
[[nodiscard]] std::optional<std::chrono::sys_seconds> facts_known_since(
    const StoreConfig& store, std::chrono::sys_seconds now);

/// Returns the ledger's redemptions or refunds of a flow's stock.
/// \param books the records of that flow. A refund names only its transaction, so refunds are
/// looked up by the transactions in `books` and in the stock's redemptions.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_flow(storage::LedgerReader& reader,
                                                                      const FlowName& flow,
                                                                      const PlatformRecords& books);

/// Returns the ledger's facts of the coupons in `books`. The ledger stores no users, so facts of a
/// user can only be found through the coupons.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_named_coupons(
    storage::LedgerReader& reader, const PlatformRecords& books);

}  // namespace couponhook::server
