#pragma once

/// \file
/// Checks whether the service can write to its folders.

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>
#include <boost/system/result.hpp>

#include "server/config/config.hpp"

namespace couponhook::server {

/// A user of this machine.
struct SystemUser {
  std::string name;
  uid_t uid;
  gid_t gid;
};

/// Selects the user for the check.
/// \param name name or number of a user. Empty: when this process runs as root, the owner of an
///   SQLite store's file or folder, because the service most likely runs as that user; otherwise no
///   user.
/// \return the user, or no user: then check as the user of this process. An error when the user
///   does not exist, or this process is not root and cannot become another user.
[[nodiscard]] boost::system::result<std::optional<SystemUser>, std::string> user_to_try_as(
    const std::string& name, const Config& config);

/// Writes a file to the folders of the store and of fetched certificates, or to the nearest
/// existing folder above, and removes it again. This finds missing permissions, read-only file
/// systems and full disks.
/// \param user user for the check, which then runs in a child process; nothing: check in this
///   process.
/// \return one problem for each folder that cannot be written to.
[[nodiscard]] std::vector<Problem> try_writing(const Config& config,
                                               const std::optional<SystemUser>& user);

}  // namespace couponhook::server
