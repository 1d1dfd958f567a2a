#pragma once

/// \file
/// Another look at what is in quarantine.

#include <string>

#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// Judges a quarantined request by the keys of today and the time at which it came: what opens now
/// goes the ordinary way, and takes the sealed body out of the quarantine with it. Pure, as
/// examine() is.
/// \return nothing where its merchant is no longer configured.
[[nodiscard]] std::optional<Examined> reopen(const storage::SealedRecord& sealed,
                                             const Merchants& merchants, const ReceiveRules& rules);

/// Why it stays where it is; for what is not to be admitted.
[[nodiscard]] std::string why_still_sealed(const Examined& examined);

}  // namespace couponhook::server
