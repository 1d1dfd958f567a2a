#include "server/service/listener_threads.hpp"

#include <utility>

namespace couponhook::server {

ListenerThreads::ListenerThreads(const std::vector<std::string>& thread_names,
                                 const HttpLimits& limits, TrustedProxies trusted_proxies,
                                 RequestHandler& request_handler,
                                 std::function<TlsContext()> tls_source,
                                 ListenerShare::Observers observers)
    : share_(limits, std::move(trusted_proxies), request_handler, std::move(tls_source),
             std::move(observers)) {
  for (const std::string& name : thread_names) threads_.emplace_back(share_, name);
}

void ListenerThreads::start() {
  for (IoThread& thread : threads_) thread.start();
}

void ListenerThreads::drain() {
  for (IoThread& thread : threads_) thread.drain();
}

void ListenerThreads::close() {
  for (IoThread& thread : threads_) thread.close();
}

void ListenerThreads::abort() {
  for (IoThread& thread : threads_) thread.abort();
}

void ListenerThreads::stop() {
  for (IoThread& thread : threads_) thread.stop();
}

}  // namespace couponhook::server
