#include "server/alert/alerter.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace couponhook::server {

Alerter::Alerter(std::string replica, base::WallClock clock, AlertCounters& counters, Log& log)
    : sources_{{thread_.io(), thread_.deadlines(), thread_.resolver()},
               std::move(replica),
               std::move(clock),
               counters,
               log} {}

void Alerter::reconfigure(std::vector<AlertConfig> alerts) {
  asio::post(thread_.io(), [this, alerts = std::move(alerts)] { adopt(alerts); });
}

void Alerter::adopt(const std::vector<AlertConfig>& alerts) {
  std::vector<std::shared_ptr<AlertSender>> senders;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    const auto known = std::ranges::find_if(senders_, [&](const auto& sender) {
      return sender && sender->config().has_same_receiver(alerts[i]);
    });
    if (known == senders_.end()) {
      senders.push_back(std::make_shared<AlertSender>(alerts[i], i + 1, sources_));
      continue;
    }
    (*known)->reconfigure(alerts[i], i + 1);
    senders.push_back(std::move(*known));
  }
  senders_ = std::move(senders);
}

void Alerter::tell(AlertFacts facts) {
  asio::post(thread_.io(), [this, facts = std::move(facts)] {
    for (const auto& sender : senders_) sender->tell(facts);
  });
}

}  // namespace couponhook::server
