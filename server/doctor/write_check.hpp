#pragma once

/// \file
/// Checks whether the service can write to its folders.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>
#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

/// A user account of this machine.
struct SystemUser {
  std::string name;
  uid_t uid;
  gid_t gid;
};

/// Reasons why the check cannot run as the user account that the operator named.
enum class TrialUserError : std::uint8_t {
  kUnknown = 1,  ///< this machine has no user account of that name or number
  kNotRoot = 2,  ///< this process is not root, so it cannot become another user
};
[[nodiscard]] std::string_view describe(TrialUserError error);
using TrialUserFailure = base::DetailedError<TrialUserError>;

/// Chooses the user account as which the check runs.
/// \param name name or number of a user. If the name is empty and this process runs as root, the
///   function chooses the owner of the SQLite store's file or folder, because the service most
///   likely runs as that user. If the name is empty and this process does not run as root, no user
///   is chosen.
/// \return the user; or no user, which means that the check runs as the user of this process.
[[nodiscard]] boost::system::result<std::optional<SystemUser>, TrialUserFailure> user_to_try_as(
    const std::string& name, const Config& config);

/// Checks that the service can write to the folder of the store and to the folder of downloaded
/// certificates. The check writes a file to each folder, or to the nearest existing parent folder,
/// and removes the file again. The check finds missing permissions, read-only file systems and full
/// disks.
/// \param user user account for the check, which then runs in a child process. Without a user, the
///   check runs in this process.
/// \return one problem for each folder that cannot be written to.
[[nodiscard]] std::vector<Problem> try_writing(const Config& config,
                                               const std::optional<SystemUser>& user);

}  // namespace couponhook::server
