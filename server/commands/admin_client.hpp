#pragma once

/// \file
/// Private to this folder: asking the running service's admin listener.

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

/// What problems name: "status endpoint at 127.0.0.1 port 9443".
[[nodiscard]] std::string admin_place(const AdminConfig& admin);

/// Sends one request.
/// \param body JSON; empty: none.
/// \return where and why where there was no answer.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const AdminConfig& admin,
                                                                    const crypto::Secret& token,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body);

/// The same with the configured token.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const Config& config,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body = {});

}  // namespace couponhook::server
