#pragma once

/// \file
/// What the store knows of the facts that could be in given books.

#include <chrono>
#include <optional>
#include <vector>

#include "server/config/config.hpp"
#include "server/outbound/platform_records.hpp"
#include "storage/ledger_reader.hpp"
#include "wechatpay/compare.hpp"

namespace couponhook::server {

using KnownFacts = std::vector<wechatpay::KnownFact>;

/// \return when what the ledger is certain to know still begins, as StoreConfig's retention says;
///   nothing where it forgets nothing.
[[nodiscard]] std::optional<std::chrono::sys_seconds> facts_known_since(
    const StoreConfig& store, std::chrono::sys_seconds now);

/// \param books of that flow: a refund names only its transaction, so that refunds are found by the
///   transactions of the books and of the stock.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_flow(storage::LedgerReader& reader,
                                                                      const FlowName& flow,
                                                                      const Books& books);

/// Of users only what the books name can be looked for: the ledger knows no users.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_named_coupons(
    storage::LedgerReader& reader, const Books& books);

}  // namespace couponhook::server
