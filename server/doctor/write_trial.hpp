#pragma once

/// \file
/// Tries whether the service can write where it must.

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

/// Whom to try as: the user of that name or number; where the name is empty and this is root, the
/// owner of an SQLite store's file or folder, since the service will most likely run as that user;
/// else nobody in particular, which is whoever runs this.
/// \return an error where there is no such user, or this is not root and so cannot become another.
[[nodiscard]] boost::system::result<std::optional<SystemUser>, std::string> user_to_try_as(
    const std::string& name, const Config& config);

/// Writes into the folders of the store and of fetched certificates, or where these would be made,
/// and leaves nothing behind. Access rights, read-only file systems and full disks are told alike.
/// \param user whom to try as, in a process of its own; nothing: as this process.
/// \return one problem for each place that cannot be written to.
[[nodiscard]] std::vector<Problem> try_writing(const Config& config,
                                               const std::optional<SystemUser>& user);

}  // namespace couponhook::server
