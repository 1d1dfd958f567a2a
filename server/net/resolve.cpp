#include "server/net/resolve.hpp"

#include <memory>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>

namespace couponhook::server {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

/// Outlives whoever waits for it, since the look-up may.
struct LookUp {
  explicit LookUp(Executor executor) : resolver(executor), over(executor) {}

  Resolver resolver;
  Timer over;  // cancelled when the look-up ends
  std::optional<error_code> ec;
  Endpoints found;
};

}  // namespace

Task<boost::system::result<Endpoints, std::string>> resolve(std::string host, std::string port,
                                                            SteadyClock::time_point deadline) {
  using Result = boost::system::result<Endpoints, std::string>;
  error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address) {
    const auto number = static_cast<asio::ip::port_type>(std::stoul(port));
    co_return Result(boost::system::in_place_value, Endpoints{{address, number}});
  }
  const Executor executor = co_await asio::this_coro::executor;
  const auto look_up = std::make_shared<LookUp>(executor);
  look_up->over.expires_at(deadline);
  look_up->resolver.async_resolve(host, port,
                                  [look_up](error_code ec, const Resolver::results_type& results) {
                                    look_up->ec = ec;
                                    for (const auto& entry : results)
                                      look_up->found.push_back(entry.endpoint());
                                    look_up->over.cancel();
                                  });
  co_await look_up->over.async_wait(use_task);
  if (!look_up->ec) co_return Result(boost::system::in_place_error, "the look-up took too long");
  if (*look_up->ec) co_return Result(boost::system::in_place_error, look_up->ec->message());
  co_return Result(boost::system::in_place_value, std::move(look_up->found));
}

}  // namespace couponhook::server
