#include "server/net/resolve.hpp"

#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>

namespace couponhook::server {

/// A running DNS look-up. The callers that wait for its answer own the look-up.
struct Resolver::LookUp {
  std::optional<NameAnswer> answer;
  // Timers of the callers that wait for the answer. The timers are cancelled when the answer has
  // come.
  std::vector<Timer*> waiting;
  // The DNS query is declared last, so it is destroyed first: the query's callback uses the members
  // above.
  std::unique_ptr<NameQuery> query;
};

/// Registers a caller's timer with a DNS look-up; the destructor removes the timer.
class Resolver::Waiting {
 public:
  Waiting(LookUp& look_up, Timer& timer) : look_up_(look_up), timer_(&timer) {
    look_up.waiting.push_back(timer_);
  }
  ~Waiting() { std::erase(look_up_.waiting, timer_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  LookUp& look_up_;
  Timer* timer_;
};

namespace {

Resolver::Result endpoints_of(const AddressAnswer& answer, asio::ip::port_type port) {
  if (!answer) return Resolver::Result(boost::system::in_place_error, answer.error());
  Endpoints endpoints;
  for (const auto& address : *answer) endpoints.emplace_back(address, port);
  return Resolver::Result(boost::system::in_place_value, std::move(endpoints));
}

}  // namespace

std::shared_ptr<Resolver::LookUp> Resolver::look_up(Executor executor, const std::string& host,
                                                    SteadyClock::time_point deadline) {
  std::erase_if(running_, [](const auto& each) { return each.second.expired(); });
  if (const auto running = running_.find(host); running != running_.end()) {
    return running->second.lock();
  }
  auto fresh = std::make_shared<LookUp>();
  running_[host] = fresh;
  const auto timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
  // The callback may use the raw pointer `look_up`: the look-up owns the DNS query, and the query's
  // destructor removes this callback.
  const auto on_end = [this, host, look_up = fresh.get()](NameAnswer answer) {
    if (answer.definite) {
      cache_.keep(host, answer.addresses, answer.ttl, SteadyClock::now());
    }
    look_up->answer = std::move(answer);
    running_.erase(host);
    for (Timer* const timer : look_up->waiting) timer->cancel();
  };
  fresh->query = std::make_unique<NameQuery>(executor, host, options_, timeout, on_end);
  return fresh;
}

Task<Resolver::Result> Resolver::resolve(std::string host, std::string port,
                                         SteadyClock::time_point deadline) {
  const auto number = static_cast<asio::ip::port_type>(std::stoul(port));
  error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address) {
    co_return Result(boost::system::in_place_value, Endpoints{{address, number}});
  }
  if (const AddressAnswer* const kept = cache_.find(host, SteadyClock::now())) {
    co_return endpoints_of(*kept, number);
  }
  const Executor executor = co_await asio::this_coro::executor;
  const auto awaited = look_up(executor, host, deadline);
  if (!awaited->answer) {
    Timer timer(executor, deadline);
    const Waiting waiting(*awaited, timer);
    co_await timer.async_wait(use_task);
  }
  if (!awaited->answer) {
    co_return Result(boost::system::in_place_error, "the look-up took too long");
  }
  co_return endpoints_of(awaited->answer->addresses, number);
}

namespace {

Task<void> resolve_into(std::optional<Resolver::Result>& found, Resolver& resolver,
                        std::string host, std::string port, SteadyClock::time_point deadline) {
  found.emplace(co_await resolver.resolve(std::move(host), std::move(port), deadline));
}

}  // namespace

Resolver::Result resolve_blocking(const std::string& host, const std::string& port,
                                  SteadyClock::time_point deadline) {
  std::optional<Resolver::Result> found;
  Resolver resolver;
  asio::io_context io{1};
  std::exception_ptr failure;
  asio::co_spawn(io, resolve_into(found, resolver, host, port, deadline),
                 [&failure](std::exception_ptr thrown) { failure = thrown; });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*found);
}

}  // namespace couponhook::server
