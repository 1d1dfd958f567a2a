#pragma once

/// \file
/// New attempt to decrypt a quarantined request.

#include <string>

#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// Examines a quarantined request again, with the current keys but with the time at which it
/// arrived. If it can now be decrypted, the result is a normal admission that also removes the
/// quarantined body in the same transaction. Pure, like examine().
/// \return nothing when the request's merchant is no longer configured.
[[nodiscard]] std::optional<Examined> reopen(const storage::SealedRecord& sealed,
                                             const Merchants& merchants, const ReceiveRules& rules);

/// Text about why a request stays in quarantine.
/// \param examined a result of reopen() that is not ToAdmit.
[[nodiscard]] std::string why_still_sealed(const Examined& examined);

}  // namespace couponhook::server
