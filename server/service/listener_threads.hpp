#pragma once

/// \file
/// A listener of the service, with the I/O threads that serve its connections.

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "server/net/io_thread.hpp"
#include "server/service/listening.hpp"

namespace couponhook::server {

/// The I/O threads of one listener, and the limits and counts that they share. The functions pass
/// on to every thread what IoThread documents.
class ListenerThreads {
 public:
  /// Makes the threads, one for each name; they are not started yet. The other arguments are those
  /// of ListenerShare.
  ListenerThreads(const std::vector<std::string>& thread_names, const HttpLimits& limits,
                  TrustedProxies trusted_proxies, RequestHandler& request_handler,
                  std::function<TlsContext()> tls_source, ListenerShare::Observers observers);

  /// Listens on the address, or on the passed socket. Call this function before start().
  /// \return the problem if a thread cannot listen.
  [[nodiscard]] std::optional<Problem> listen(const ListeningPlace& place) {
    return listen_on_all(threads_, place);
  }
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return threads_.front().endpoint(); }

  /// Returns the executor of the first thread, for work that must run on that thread.
  [[nodiscard]] Executor executor() { return threads_.front().executor(); }

  void start();
  void drain();
  void close();
  void abort();
  void stop();
  /// Returns true while a session is open or a thread still accepts connections.
  [[nodiscard]] bool busy() const { return share_.busy(); }
  /// Returns the number of open connections.
  [[nodiscard]] std::size_t connections() const { return share_.sessions(); }
  /// Returns the numbers of finished TLS handshakes since the start.
  [[nodiscard]] HandshakeCounts handshakes() const { return share_.handshakes.counts(); }

 private:
  ListenerShare share_;
  std::list<IoThread> threads_;
};

}  // namespace couponhook::server
