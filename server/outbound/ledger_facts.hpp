#pragma once

/// \file
/// What the store knows of the facts that could be in given books.

#include <vector>

#include "server/outbound/books.hpp"
#include "storage/ledger_reader.hpp"
#include "wechatpay/compare.hpp"

namespace couponhook::server {

using KnownFacts = std::vector<wechatpay::KnownFact>;

/// \param books of that flow: a refund names only its transaction, so that refunds are found by the
///   transactions of the books and of the stock.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_flow(storage::LedgerReader& reader,
                                                                      const FlowName& flow,
                                                                      const Books& books);

/// Of users only what the books name can be looked for: the ledger knows no users.
[[nodiscard]] storage::LedgerReader::Result<KnownFacts> facts_of_named_coupons(
    storage::LedgerReader& reader, const Books& books);

}  // namespace couponhook::server
