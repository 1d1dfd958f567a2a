#include "server/doctor/echo.hpp"

#include <thread>
#include <utility>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/percent_encoding.hpp"
#include "base/url.hpp"
#include "server/commands/admin_client.hpp"
#include "server/outbound/api_client.hpp"
#include "wechatpay/callbacks.hpp"
#include "wechatpay/security_echo.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Longest wait for the notification that WeChat Pay sends for an echo request. WeChat Pay sends it
/// at once, and tries again for the first time after 15 s.
constexpr std::chrono::seconds kCallbackTimeout{20};
constexpr milliseconds kPoll{200};
constexpr std::size_t kMessageCharacters = 16;

/// Returns true if the service has stored the notification that WeChat Pay sent for this echo
/// request.
bool has_arrived(const Config& config, const std::string& since, const std::string& message) {
  const auto listed =
      ask_admin(config, "GET", "/notifications?type=SECURITY_ECHO.SUCCESS&limit=20&since=" + since);
  if (!listed || listed->status != 200) return false;
  rapidjson::Document page;
  page.Parse(listed->body.data(), listed->body.size());
  if (page.HasParseError() || !page.IsObject() || !page.HasMember("items")) return false;
  for (const auto& item : page["items"].GetArray()) {
    const auto shown =
        ask_admin(config, "GET", "/notifications/" + base::percent_encode(item["id"].GetString()));
    if (!shown || shown->status != 200) continue;
    rapidjson::Document record;
    record.Parse(shown->body.data(), shown->body.size());
    if (record.HasParseError() || !record.HasMember("resource")) continue;
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    record["resource"].Accept(writer);
    const std::string_view resource(buffer.GetString(), buffer.GetSize());
    if (wechatpay::parse_security_echo_event(resource) == message) return true;
  }
  return false;
}

/// List of the steps of the round trip through WeChat Pay, with their durations.
class Steps {
 public:
  explicit Steps(std::string first) : doing_(std::move(first)) {}

  void pass(std::string next = {}) { finish(true, {}, std::move(next)); }
  std::vector<EchoStep> fail(std::string problem) && {
    finish(false, std::move(problem), {});
    return std::move(steps_);
  }
  std::vector<EchoStep> take() && { return std::move(steps_); }

 private:
  void finish(bool passed, std::string problem, std::string next) {
    const auto now = steady_clock::now();
    steps_.push_back({std::move(doing_), passed,
                      std::chrono::duration_cast<milliseconds>(now - begun_), std::move(problem)});
    doing_ = std::move(next);
    begun_ = now;
  }

  std::string doing_;
  steady_clock::time_point begun_ = steady_clock::now();
  std::vector<EchoStep> steps_;
};

}  // namespace

std::vector<EchoStep> try_echo(const Config& config, const MerchantConfig& merchant,
                               std::string notify_url, Runtime& runtime) {
  Steps steps("load the merchant's keys");
  std::vector<Problem> problems;
  std::unique_ptr<const ApiAccount> account = load_api_account(config, merchant, problems);
  if (!account) {
    return std::move(steps).fail(problems.front().where + ": " + problems.front().message);
  }
  ApiClient client(std::move(account), {runtime.clock, runtime.random, sleeping_pause()});
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  if (notify_url.empty()) {
    steps.pass("ask for the notification URL in force");
    const auto asked =
        wechatpay::get_callback_request(wechatpay::CouponProduct::kFavor, merchant.mchid);
    const auto body = client.call(asked);
    if (!body) return std::move(steps).fail(body.error().text());
    const auto state = wechatpay::parse_callback(asked.api, *body);
    if (!state) return std::move(steps).fail(state.error().text());
    notify_url = state->notify_url;
  }
  steps.pass("WeChat Pay verifies our signature, we verify its");
  const std::string message = crypto::random_alphanumeric(runtime.random, kMessageCharacters);
  // Ask WeChat Pay to sign the notification with a key that is loaded here.
  const wechatpay::SecurityEcho echo{message, notify_url,
                                     live_platform_serial(client.account(), now)};
  std::string broken;
  for (const auto& rule : wechatpay::violations(echo)) {
    broken += rule.field + ": " + rule.message + "; ";
  }
  if (!broken.empty()) return std::move(steps).fail(broken);
  const auto body = client.call(wechatpay::security_echo_request(echo));
  if (!body) return std::move(steps).fail(body.error().text());
  const auto reply = wechatpay::parse_security_echo(*body);
  if (!reply) return std::move(steps).fail(reply.error().text());
  if (reply->echo_message != message) {
    return std::move(steps).fail("the echo has another text than was sent");
  }
  steps.pass("the notification arrives and is stored");
  const std::string since = std::to_string(now.time_since_epoch().count() - 1);
  const auto until = steady_clock::now() + kCallbackTimeout;
  while (!has_arrived(config, since, message)) {
    if (steady_clock::now() > until) {
      return std::move(steps).fail(
          "no notification came: check whether the log has a refused one, whether the URL can be "
          "reached from the internet, and whether it leads to this service");
    }
    std::this_thread::sleep_for(kPoll);
  }
  steps.pass();
  return std::move(steps).take();
}

}  // namespace couponhook::server
