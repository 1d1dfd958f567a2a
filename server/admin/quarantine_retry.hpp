#pragma once

/// \file
/// Tries again to decrypt a quarantined request, for example after the right APIv3 key was
/// installed.

#include <string>

#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// Examines a quarantined request again, with the current keys, but as of the time at which the
/// request arrived. If the request can now be decrypted, the result is a normal notification to be
/// stored; the same transaction then also removes the quarantined body. This is a pure function,
/// like examine().
/// \return the result of the examination; nothing if the request's merchant is no longer
///   configured.
[[nodiscard]] std::optional<Examined> reopen(const storage::SealedRecord& sealed,
                                             const Merchants& merchants, const ReceiveRules& rules);

/// Returns a text that says why a request stays in quarantine.
/// \param examined a result of reopen() that is not ToAdmit (that is, the request could not be
///   decrypted).
[[nodiscard]] std::string why_still_sealed(const Examined& examined);

}  // namespace couponhook::server
