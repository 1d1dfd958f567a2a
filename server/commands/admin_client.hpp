#pragma once

/// \file
/// Sends requests to the status endpoint of the running service. Private to this folder.

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

struct AdminAnswer {
  unsigned status = 0;
  std::string body;
};

/// Returns the name of the status endpoint in messages: "status endpoint at 127.0.0.1 port 9443".
[[nodiscard]] std::string admin_place(const AdminConfig& admin);

/// Sends one request.
/// \param body JSON; empty: none.
/// \return a Problem with place and cause if no answer came.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const AdminConfig& admin,
                                                                    const crypto::Secret& token,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body);

/// Like the function above, with the token from the configured file.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const Config& config,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body = {});

}  // namespace couponhook::server
