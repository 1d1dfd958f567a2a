#include "sandbox/service.hpp"

#include <csignal>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>

#include "sandbox/notification_sender.hpp"
#include "sandbox/sandbox_listener.hpp"
#include "server/net/io_thread.hpp"

namespace couponhook::server::sandbox {

std::optional<base::Problem> run(SharedPlatform& platform, const ServiceOptions& options) {
  SandboxListener listener(platform);
  ListenerShare share(
      options.limits, TrustedProxies(), listener, [&options] { return options.tls; },
      ListenerShare::Observers{options.on_bug});
  IoThread thread(share, "sandbox");
  error_code ec;
  const auto address = asio::ip::make_address(options.address, ec);
  if (!ec) ec = thread.listen({address, options.port});
  if (ec) {
    return base::Problem{"--listen", "cannot listen on " + options.address + " port " +
                                         std::to_string(options.port) + ": " + ec.message() +
                                         "; choose another, or stop what uses it"};
  }
  const std::string url = url_of(options.tls != nullptr, thread.endpoint());
  platform.set_base_url(url);
  NotificationSender courier(platform, options.connections, options.client_tls);
  platform.on_queued([&courier] { courier.wake(); });
  asio::io_context io{1};
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([](error_code, int) {});
  thread.start();
  options.on_ready(url);
  io.run();
  thread.stop();
  return std::nullopt;
}

}  // namespace couponhook::server::sandbox
