#pragma once

/// \file
/// Resolves host names for the outgoing connections of one thread, with a cache.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "server/net/address_cache.hpp"
#include "server/net/name_query.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

/// Looks up host names in DNS without blocking. Look-ups of different names run in parallel, and
/// callers that ask for the same name share one look-up. Results are cached in AddressCache.
///
/// Not thread-safe: used on the thread of one io_context. The resolver must outlive the io_context.
class Resolver {
 public:
  using Result = boost::system::result<Endpoints, std::string>;

  explicit Resolver(ResolverOptions options = {}) : options_(std::move(options)) {}

  /// Returns the IP addresses of a host, each together with the port. If `host` is an IP address,
  /// no look-up is made. A look-up is abandoned once the deadlines of all its callers have passed.
  /// \param port a decimal number.
  /// \return an error text, which does not contain the host name, if there are no addresses.
  Task<Result> resolve(std::string host, std::string port, SteadyClock::time_point deadline);

 private:
  struct LookUp;
  class Waiting;

  std::shared_ptr<LookUp> look_up(Executor executor, const std::string& host,
                                  SteadyClock::time_point deadline);

  ResolverOptions options_;
  AddressCache cache_;
  std::map<std::string, std::weak_ptr<LookUp>> running_;
};

/// Resolves a host name like Resolver::resolve(), on a thread that may block. The function returns
/// when the answer has come, or at the deadline.
[[nodiscard]] Resolver::Result resolve_blocking(const std::string& host, const std::string& port,
                                                SteadyClock::time_point deadline);

}  // namespace couponhook::server
