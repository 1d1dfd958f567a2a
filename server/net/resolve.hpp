#pragma once

/// \file
/// From a host's name to its addresses.

#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "server/net/task.hpp"

namespace couponhook::server {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

/// An address is taken as it is; a name is looked up. The system's look-up cannot be broken off: at
/// the deadline it is left to end by itself, and its result is dropped.
Task<boost::system::result<Endpoints, std::string>> resolve(std::string host, std::string port,
                                                            SteadyClock::time_point deadline);

}  // namespace couponhook::server
