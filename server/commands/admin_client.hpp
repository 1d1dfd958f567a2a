#pragma once

/// \file
/// Private to this folder: asking the running service's admin listener.

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "server/config/config.hpp"

namespace couponhook::server {

struct AdminAnswer {
  unsigned status = 0;
  std::string body;
};

/// Sends one request with the configured token.
/// \param body sent with POST, as JSON; ignored with GET.
/// \return where and why where there was no answer.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const Config& config,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body = {});

}  // namespace couponhook::server
