#include "server/alert/alert_sender.hpp"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "server/alert/alert_text.hpp"
#include "server/alert/robot_message.hpp"

namespace couponhook::server {
namespace {

/// Returns the kinds of the items, for the log: "dead_deliveries, backlog over".
std::string kinds_of(const std::vector<AlertItem>& items) {
  std::string text;
  for (const AlertItem& item : items) {
    if (!text.empty()) text += ", ";
    text += to_string(item.cause.kind);
    if (item.state == AlertItem::State::kOver) text += " over";
  }
  return text;
}

}  // namespace

AlertSender::AlertSender(AlertConfig config, std::size_t number, const AlertSenderSources& sources)
    : config_(std::move(config)), number_(number), sources_(sources) {}

std::string AlertSender::name() const {
  return "alert " + std::to_string(number_) + " (" + std::string(to_string(config_.type)) + ")";
}

void AlertSender::reconfigure(AlertConfig config, std::size_t number) {
  config_ = std::move(config);
  number_ = number;
  pace_.reset();
}

void AlertSender::tell(const AlertFacts& facts) {
  told_.update(find_causes(facts, config_), facts.now);
  if (is_sending_ || !pace_.may_send(facts.now.steady)) return;
  std::vector<AlertItem> items = told_.due(facts.now, terms());
  if (items.empty()) return;
  is_sending_ = true;
  const auto on_end = [self = shared_from_this()](std::exception_ptr failure) {
    self->is_sending_ = false;
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(sources_.network.io, send(std::move(items), facts.now), on_end);
}

Task<void> AlertSender::send(std::vector<AlertItem> items, AlertTime now) {
  AlertAnswer answer;
  auto target = load_alert_target(config_);
  if (target) {
    answer = co_await send_to(*target, items, now);
  } else {
    answer.reason = target.error().where + " " + target.error().message;
    sources_.counters.count(config_.type, answer.outcome);
  }
  note(answer, items);
}

/// Sends the items, and notes which of them the receiver got.
/// \return the last answer.
Task<AlertAnswer> AlertSender::send_to(const AlertTarget& target,
                                       const std::vector<AlertItem>& items, AlertTime now) {
  if (target.type != AlertType::kHttp) {
    const std::string text = robot_text(items, config_.language, sources_.replica, now.unix_ms,
                                        robot_text_max(target.type));
    const ClientRequest request = robot_post(target, text, base::to_unix_ms(sources_.clock()));
    AlertAnswer answer = co_await post(target, request);
    if (answer.outcome == AlertOutcome::kSent) told_.mark_told(items, now);
    co_return answer;
  }
  const AlertSource source{sources_.replica, config_.language};
  AlertAnswer answer{AlertOutcome::kSent};
  for (const AlertItem& item : items) {
    // If the rate limit is reached, the remaining items are sent after one of the next snapshots.
    if (!pace_.may_send(SteadyClock::now())) break;
    const ClientRequest request =
        http_post(target, item, source, base::to_unix_ms(sources_.clock()));
    answer = co_await post(target, request);
    if (answer.outcome != AlertOutcome::kSent) break;
    told_.mark_told({&item, 1}, now);
  }
  co_return answer;
}

Task<AlertAnswer> AlertSender::post(const AlertTarget& target, const ClientRequest& request) {
  pace_.note_sending(SteadyClock::now());
  AlertAnswer answer = co_await send_alert(sources_.network, target, request, sources_.clock());
  sources_.counters.count(config_.type, answer.outcome);
  co_return answer;
}

void AlertSender::note(const AlertAnswer& answer, const std::vector<AlertItem>& items) {
  pace_.note_answer(answer, SteadyClock::now());
  if (answer.outcome == AlertOutcome::kSent) {
    sources_.log.message(Severity::kInfo, "alert_sent", name() + ": " + kinds_of(items));
    logged_.clear();
    return;
  }
  if (logged_ == answer.reason) return;
  logged_ = answer.reason;
  const bool is_refused = answer.outcome == AlertOutcome::kRefused;
  sources_.log.message(
      is_refused ? Severity::kError : Severity::kWarning,
      is_refused ? "alert_refused" : "alert_failed",
      name() + ": " + answer.reason +
          (is_refused ? "; tried again after a reload, else rarely" : "; it is tried again"));
}

}  // namespace couponhook::server
