#include "server/alert/alert_target.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "crypto/digest.hpp"
#include "crypto/file.hpp"
#include "server/alert/alert_text.hpp"
#include "server/alert/robot_message.hpp"
#include "server/config/reload_units.hpp"

namespace couponhook::server {
namespace {

constexpr std::chrono::milliseconds kAlertTimeout{10'000};
constexpr std::size_t kAnswerBytesMax = 65536;
constexpr std::size_t kSecretFileMax = 4096;

using LoadedTarget = boost::system::result<AlertTarget, Problem>;

/// Returns the URL, from the configuration or from its file.
boost::system::result<base::Url, Problem> load_url(const AlertConfig& config) {
  std::string text = config.url;
  std::string where = "url";
  if (!config.url_file.empty()) {
    where = "url_file: " + config.url_file.string();
    const auto content = crypto::read_secret_line(config.url_file);
    if (!content) return Problem{where, content.error().text()};
    text = content->reveal();
  }
  const std::string why = explain_alert_url(config, text);
  if (!why.empty()) return Problem{where, why};
  return std::move(*base::parse_url(text));
}

std::optional<Problem> load_secret(const AlertConfig& config, AlertTarget& target) {
  if (config.secret_file.empty()) return std::nullopt;
  const std::string where = "secret_file: " + config.secret_file.string();
  if (config.type != AlertType::kHttp) {
    auto secret = crypto::read_secret_line(config.secret_file);
    if (!secret) return Problem{where, secret.error().text()};
    target.secret = std::move(*secret);
    return std::nullopt;
  }
  const auto content = crypto::read_file(config.secret_file, kSecretFileMax);
  if (!content) return Problem{where, content.error().text()};
  auto signer = crypto::WebhookSigner::from_text(content->reveal());
  if (!signer) return Problem{where, signer.error()};
  target.signer = std::move(*signer);
  return std::nullopt;
}

ClientRequest signed_post(const AlertTarget& target, const std::string& id, std::string body,
                          std::int64_t unix_ms) {
  ClientRequest request("POST", target.url.target);
  request.body = std::move(body);
  const std::int64_t unix_s = unix_ms / 1000;
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("webhook-id", id);
  request.headers.emplace_back("webhook-timestamp", std::to_string(unix_s));
  if (target.signer) {
    request.headers.emplace_back("webhook-signature",
                                 target.signer->sign(id, unix_s, request.body));
  }
  return request;
}

/// Returns an id that is the same when the same item is sent again.
std::string id_of(const AlertItem& item, const std::string& replica) {
  constexpr std::size_t kIdCharacters = 32;
  const std::string state = item.state == AlertItem::State::kOver ? "over" : "begun";
  const std::string since = std::to_string(item.since_ms);
  const std::string times = std::to_string(item.reminders);
  const auto digest = crypto::sha256({to_string(item.cause.kind), "\n", item.cause.subject, "\n",
                                      state, "\n", since, "\n", times, "\n", replica});
  return "alert_" + crypto::to_hex(digest).substr(0, kIdCharacters);
}

void write_end(base::JsonWriter& json, const AlertSource& source, std::int64_t unix_ms) {
  json.text("service", "couponhook").text("replica", source.replica).time("at", unix_ms).end();
}

}  // namespace

LoadedTarget load_alert_target(const AlertConfig& config) {
  AlertTarget target;
  target.type = config.type;
  auto url = load_url(config);
  if (!url) return url.error();
  target.url = std::move(*url);
  if (auto problem = load_secret(config, target)) return std::move(*problem);
  if (target.url.tls) {
    auto tls = make_client_tls(config.ca_file);
    if (!tls) return Problem{"ca_file", tls.error().text()};
    target.tls = std::move(*tls);
  }
  return target;
}

std::vector<Problem> check_alert_file(const Config& config, std::size_t number) {
  const AlertConfig& alert = config.alerts[number - 1];
  // A missing or faulty URL in the configuration was reported when the configuration was read.
  if (alert.url.empty() == alert.url_file.empty()) return {};
  if (!alert.url.empty() && !explain_alert_url(alert, alert.url).empty()) return {};
  auto target = load_alert_target(alert);
  if (target) return {};
  const std::string where = config.file.string() + ": alert[" + std::to_string(number) + "].";
  return {{where + target.error().where, target.error().message, alert_unit(number)}};
}

void check_alert_files(const Config& config, std::vector<Problem>& problems) {
  for (std::size_t number = 1; number <= config.alerts.size(); ++number) {
    for (Problem& problem : check_alert_file(config, number)) {
      problems.push_back(std::move(problem));
    }
  }
}

ClientRequest robot_post(const AlertTarget& target, std::string_view text, std::int64_t unix_ms) {
  RobotRequest made = robot_request(target.type, target.url.target, text, target.secret, unix_ms);
  ClientRequest request("POST", std::move(made.target));
  request.body = std::move(made.body);
  request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  // A message that the robot got must not be shown twice.
  request.repeatable = false;
  return request;
}

ClientRequest http_post(const AlertTarget& target, const AlertItem& item, const AlertSource& source,
                        std::int64_t unix_ms) {
  const AlertWords words = describe(item, source.language, unix_ms);
  base::JsonWriter json;
  json.begin()
      .text("cause", to_string(item.cause.kind))
      .text("subject", item.cause.subject)
      .text("state", item.state == AlertItem::State::kOver ? "over" : "begun")
      .time("since", item.since_ms)
      .number("count", item.cause.count)
      .text("text", words.text)
      .text("remedy", words.remedy);
  write_end(json, source, unix_ms);
  return signed_post(target, id_of(item, source.replica), json.take(), unix_ms);
}

ClientRequest http_test_post(const AlertTarget& target, const AlertSource& source,
                             std::int64_t unix_ms) {
  base::JsonWriter json;
  json.begin()
      .text("cause", "test")
      .text("subject", "")
      .text("state", "begun")
      .time("since", unix_ms)
      .number("count", 0)
      .text("text", test_text(source.language, source.replica, unix_ms))
      .text("remedy", "");
  write_end(json, source, unix_ms);
  return signed_post(target, "alert_test_" + std::to_string(unix_ms), json.take(), unix_ms);
}

Task<AlertAnswer> send_alert(AlertNetwork network, const AlertTarget& target,
                             const ClientRequest& request,
                             std::chrono::system_clock::time_point now) {
  HttpClient::Options options;
  options.connect_timeout = kAlertTimeout;
  options.reply_timeout = kAlertTimeout;
  options.reply_bytes_max = kAnswerBytesMax;
  options.total_timeout = kAlertTimeout;
  options.status_is_enough = target.type == AlertType::kHttp;
  options.guard = AddressGuard{};
  HttpClient client(network.io, network.deadlines, network.resolver, target.url, target.tls,
                    options);
  const auto reply = co_await client.send(request);
  AlertAnswer answer;
  if (reply) {
    answer = judge_answer(target.type, *reply, now);
  } else {
    // The text about a bad reply quotes it, and a reply may repeat the URL.
    const bool is_bad = reply.error().code == ClientError::kBadReply;
    answer.reason = is_bad ? "the answer is not HTTP, or too large" : reply.error().text();
  }
  co_return answer;
}

}  // namespace couponhook::server
