#include "handlers/examples/journal.hpp"

namespace couponhook::examples {

using namespace handlers;

Outcome Journal::handle(const HandledEvent& event) {
  const auto* redeemed = std::get_if<CouponRedeemed>(&event.event);
  if (redeemed == nullptr) return Dead{"the journal keeps redemptions only; narrow its events"};
  const std::lock_guard lock(mutex_);
  file_ << event.notification_id << ' ' << redeemed->coupon_id << ' ' << redeemed->transaction_id
        << std::endl;
  if (file_) return Done{};
  file_.clear();
  return Retry{"the journal cannot be written", {}};
}

boost::system::result<std::shared_ptr<Handler>, std::string> make_journal(
    const HandlerSettings& settings) {
  using Result = boost::system::result<std::shared_ptr<Handler>, std::string>;
  const auto file = settings.options.find("file");
  if (file == settings.options.end()) {
    return Result(boost::system::in_place_error, "name the journal: options.file = \"…\"");
  }
  auto journal = std::make_shared<Journal>(file->second);
  if (!journal->is_open()) {
    return Result(boost::system::in_place_error,
                  file->second + " cannot be written; make its folder writable");
  }
  return Result(boost::system::in_place_value, std::move(journal));
}

}  // namespace couponhook::examples
