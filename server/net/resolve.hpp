#pragma once

/// \file
/// Name look-ups for the outward connections of one thread.

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

/// Looks names up without blocking: look-ups of different names run beside each other, callers that
/// want the same name share one. Answers are kept as AddressCache says.
///
/// Not thread-safe: used on the thread of one io_context, which it must outlive.
class Resolver {
 public:
  using Result = boost::system::result<Endpoints, std::string>;

  explicit Resolver(ResolverOptions options = {}) : options_(std::move(options)) {}

  /// An address is taken as it is; a name is looked up. A look-up that nobody waits for any more,
  /// all their deadlines having passed, is abandoned.
  /// \param port a number.
  /// \return an error in words, without the name.
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

/// The same for a thread that blocks: runs an event loop until the answer or the deadline.
[[nodiscard]] Resolver::Result resolve_blocking(const std::string& host, const std::string& port,
                                                SteadyClock::time_point deadline);

}  // namespace couponhook::server
