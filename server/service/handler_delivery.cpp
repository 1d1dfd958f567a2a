#include "server/service/handler_delivery.hpp"

#include <memory>
#include <utility>

namespace couponhook::server {

HandlerDelivery::HandlerDelivery(DeliveryConnections connections, const Setup& setup,
                                 const storage::LeaseTerms& lease_terms,
                                 const base::WallClock& clock, std::uint64_t random_seed, Log& log)
    : worker_(std::make_unique<storage::Deliveries>(std::move(connections.deliveries), lease_terms),
              make_handler_workers(setup.handlers, http_thread_, clock),
              WorkerOptions{.lease = lease_terms.lease, .poll = setup.config.deliveries.poll},
              WorkerClocks{clock}, random_seed, log),
      waker_(std::move(connections.wake_channel), [this] { worker_.wake(); }) {}

void HandlerDelivery::start(std::function<void(std::exception_ptr)> on_bug) {
  http_thread_.start(std::move(on_bug));
  worker_.start();
  waker_.start();
}

void HandlerDelivery::stop(std::chrono::milliseconds patience) {
  waker_.stop();
  worker_.stop(patience);
  http_thread_.stop();
}

}  // namespace couponhook::server
