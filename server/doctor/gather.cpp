#include "server/doctor/gather.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>

#include <rapidjson/document.h>

#include "base/wechat_time.hpp"
#include "crypto/file.hpp"
#include "server/commands/admin_client.hpp"
#include "server/commands/status_client.hpp"
#include "server/doctor/certificate_facts.hpp"
#include "server/outbound/api_client.hpp"
#include "server/outbound/reachability.hpp"
#include "server/service/setup.hpp"
#include "wechatpay/callbacks.hpp"
#include "wechatpay/reply.hpp"

namespace couponhook::server {
namespace {

using wechatpay::ApiError;
using wechatpay::ApiReply;
using wechatpay::CouponProduct;

/// Parses the Date header of an HTTP reply (RFC 9110, section 5.6.7). Returns nothing if the text
/// is not such a date.
std::optional<std::chrono::sys_seconds> parse_http_date(const std::string& text) {
  std::tm time{};
  if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time) == nullptr) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

bool readable_by_all(const std::filesystem::path& file) {
  std::error_code ec;
  const auto mode = std::filesystem::status(file, ec).permissions();
  return !ec && (mode & std::filesystem::perms::others_read) != std::filesystem::perms::none;
}

bool same_key(const MerchantConfig& entry) {
  if (!entry.api || entry.api->api_v2_key_file.empty()) return false;
  const auto v2 = crypto::read_secret_line(entry.api->api_v2_key_file);
  return v2 && std::ranges::any_of(entry.api_v3_key_files, [&](const auto& file) {
           const auto v3 = crypto::read_secret_line(file);
           return v3 && v3->equals(v2->reveal());
         });
}

/// Queries the notification URL that WeChat Pay has stored for one product. Also stores the clock
/// difference, and the serial of the key that signed the reply, in `facts`.
void ask_callback(ApiClient& client, CouponProduct product, Runtime& runtime, ApiFacts& facts) {
  const auto& merchant = client.account().merchant;
  const auto request = wechatpay::get_callback_request(product, merchant.mchid);
  const auto check = [&](const ApiReply& reply) -> std::optional<ApiError> {
    const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
    if (const auto theirs = parse_http_date(std::string(reply.header("Date")))) {
      facts.clock_ahead = now - *theirs;
    }
    facts.signed_with = reply.header("Wechatpay-Serial");
    const auto accepted = wechatpay::accept_reply(request, reply, merchant.platform_keys, now);
    if (accepted) return std::nullopt;
    return accepted.error();
  };
  CallbackFacts callback{std::string(wechatpay::to_string(product)), {}, {}};
  const auto reply = client.exchange(request, check);
  if (reply) {
    const auto state = wechatpay::parse_callback(request.api, reply->body);
    if (state) callback.url = state->notify_url;
    for (const auto& rule : wechatpay::callback_url_violations(callback.url, product)) {
      callback.broken_rules.push_back(rule.message);
    }
  } else if (reply.error().status != 404) {  // status 404: no URL was ever set
    if (facts.failure.empty()) facts.failure = reply.error().text();
    return;
  }
  facts.callbacks.push_back(std::move(callback));
}

/// Tests each notification URL from this machine, as WeChat Pay would. Each URL is tested only
/// once, because 代金券 and 商家券 often share one URL.
void try_callbacks(const ApiAccount& account, std::chrono::sys_seconds now, ApiFacts& facts) {
  const ProbeIdentity identity{live_platform_serial(account, now), now};
  std::map<std::string, std::optional<UrlFault>> tried;
  for (CallbackFacts& callback : facts.callbacks) {
    if (callback.url.empty() || identity.platform_serial.empty()) continue;
    const auto [entry, is_first] = tried.try_emplace(callback.url);
    if (is_first) entry->second = try_url(callback.url, identity);
    if (!entry->second) continue;
    (entry->second->is_tls ? callback.tls_problem : callback.http_problem) = entry->second->what;
  }
}

ApiFacts ask_api(const Config& config, const MerchantConfig& entry, Runtime& runtime) {
  ApiFacts facts;
  std::vector<Problem> problems;
  std::unique_ptr<const ApiAccount> account = load_api_account(config, entry, problems);
  if (!account) {
    facts.failure = problems.front().where + ": " + problems.front().message;
    return facts;
  }
  // A diagnosis makes each API call only once. So this Pause function returns false instead of
  // waiting for a retry.
  const Pause never_twice = [](std::chrono::milliseconds time) { return time.count() == 0; };
  ApiClient client(std::move(account), {runtime.clock, runtime.random, never_twice});
  ask_callback(client, CouponProduct::kFavor, runtime, facts);
  if (facts.failure.empty()) ask_callback(client, CouponProduct::kBusifavor, runtime, facts);
  // Most merchants use only one of the two products, 代金券 or 商家券. So a missing notification
  // URL is reported only if both URLs are missing.
  const bool any =
      std::ranges::any_of(facts.callbacks, [](const auto& c) { return !c.url.empty(); });
  if (any) std::erase_if(facts.callbacks, [](const auto& c) { return c.url.empty(); });
  try_callbacks(client.account(), std::chrono::floor<std::chrono::seconds>(runtime.clock()), facts);
  return facts;
}

MerchantFacts gather_merchant(const Config& config, const MerchantConfig& entry, Runtime& runtime) {
  MerchantFacts facts;
  facts.mchid = entry.mchid;
  facts.path = entry.path;
  facts.timestamp_tolerance = entry.timestamp_tolerance;
  facts.fetches_certificates =
      entry.fetches_certificates() && !entry.api->certificate_directory.empty();
  std::vector<std::filesystem::path> patterns = entry.platform_certificates;
  if (entry.api) patterns.push_back(entry.api->certificate_directory);
  for (const auto& pattern : patterns) {
    for (const auto& file : crypto::expand_path(pattern)) {
      std::ranges::move(certificate_facts(file), std::back_inserter(facts.certificates));
    }
  }
  facts.public_keys = entry.platform_public_keys.size();
  for (const auto& key : entry.platform_public_keys) {
    facts.public_key_ids.push_back(key.id);
    facts.public_key_digests.push_back(public_key_digest(key.file));
  }
  facts.v2_key_is_v3_key = same_key(entry);
  if (!entry.api) return facts;
  facts.has_api = true;
  facts.api_certificate_serial = entry.api->certificate_serial;
  facts.api_key_digest = private_key_digest(entry.api->private_key_file);
  facts.api_key_readable_by_all = readable_by_all(entry.api->private_key_file);
  facts.api = ask_api(config, entry, runtime);
  return facts;
}

std::uint64_t number_of(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsUint64() ? found->value.GetUint64() : 0;
}

/// Returns the text of a JSON member that is a string; empty if it is not a string.
std::string member_text(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return {};
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

/// Calls the function `visit` for each element of a JSON member that is an array.
template <typename Visit>
void for_each_in(const rapidjson::Value& object, const char* name, Visit visit) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsArray()) return;
  for (const auto& each : found->value.GetArray()) visit(each);
}

/// Reads the state of keys and certificates from the service's status reply.
void read_key_upkeep(const rapidjson::Value& status, std::int64_t now_ms, ServiceFacts& facts) {
  const auto reloads = status.FindMember("reloads");
  if (reloads != status.MemberEnd() && reloads->value.IsObject()) {
    for (const auto& [unit, state] : reloads->value.GetObject()) {
      auto why = member_text(state, "last_error");
      if (!why.empty()) facts.refused_units.emplace(unit.GetString(), std::move(why));
    }
  }
  for_each_in(status, "certificates", [&](const rapidjson::Value& each) {
    // Compare the times as text. This is correct because both are RFC 3339 times in UTC.
    const std::string end = member_text(each, "expires_at");
    if (!end.empty() && end < base::format_unix_ms(now_ms)) {
      facts.expired_certificates.push_back(member_text(each, "path"));
    }
  });
  for_each_in(status, "certificate_fetches", [&](const rapidjson::Value& each) {
    const std::string why = member_text(each, "keep_error");
    if (!why.empty()) {
      facts.unsaved_certificates.push_back("merchant " + member_text(each, "mchid") + ": " + why);
    }
  });
}

/// Reads the numbers of deliveries to handlers that are not configured, and the active pauses, from
/// the service's status reply.
void read_backlog(const rapidjson::Value& status, ServiceFacts& facts) {
  const auto deliveries = status.FindMember("deliveries");
  if (deliveries != status.MemberEnd() && deliveries->value.IsObject()) {
    const auto unclaimed = deliveries->value.FindMember("unclaimed");
    if (unclaimed != deliveries->value.MemberEnd() && unclaimed->value.IsObject()) {
      for (const auto& [handler, count] : unclaimed->value.GetObject()) {
        if (count.IsUint64()) facts.unclaimed[handler.GetString()] = count.GetUint64();
      }
    }
  }
  const auto pauses = status.FindMember("pauses");
  if (pauses == status.MemberEnd() || !pauses->value.IsArray()) return;
  for (const auto& pause : pauses->value.GetArray()) {
    if (pause.IsObject()) facts.pauses.push_back(describe_pause(pause));
  }
}

/// Reads the changes of requests that made their signatures wrong from the service's status reply.
void read_changed_requests(const rapidjson::Value& status, ServiceFacts& facts) {
  for_each_in(status, "signature_faults", [&](const rapidjson::Value& each) {
    const auto text = [&](const char* name) {
      const auto member = each.FindMember(name);
      const bool is_text = member != each.MemberEnd() && member->value.IsString();
      return is_text ? std::string(member->value.GetString()) : std::string();
    };
    facts.changed_requests.push_back(
        {text("hop"), text("cause"), text("remedy"), number_of(each, "requests")});
  });
}

ServiceFacts ask_service(const Config& config, std::int64_t now_ms) {
  ServiceFacts facts;
  const auto answer = ask_admin(config, "GET", "/status");
  if (!answer) {
    facts.failure = answer.error().where + ": " + answer.error().message;
    return facts;
  }
  rapidjson::Document status;
  status.Parse(answer->body.data(), answer->body.size());
  if (answer->status != 200 || status.HasParseError() || !status.IsObject() ||
      !status.HasMember("notifications") || !status["notifications"].IsObject()) {
    facts.failure = "the status endpoint answers " + std::to_string(answer->status);
    return facts;
  }
  const auto unknown = status.FindMember("unknown_serials");
  if (unknown != status.MemberEnd() && unknown->value.IsArray()) {
    for (const auto& each : unknown->value.GetArray()) {
      if (!each.IsObject() || !each.HasMember("serial") || !each["serial"].IsString()) continue;
      facts.unknown_serials.emplace_back(each["serial"].GetString());
    }
  }
  read_changed_requests(status, facts);
  read_key_upkeep(status, now_ms, facts);
  facts.ready = status.HasMember("ready") && status["ready"].IsTrue();
  const auto& notifications = status["notifications"];
  facts.stored = number_of(notifications, "stored");
  // An older release of the service does not report the number "sealed" (bodies that could not be
  // decrypted).
  facts.sealed =
      number_of(notifications, notifications.HasMember("sealed") ? "sealed" : "quarantined");
  facts.unreadable = number_of(notifications, "unreadable");
  read_backlog(status, facts);
  const auto rejected = notifications.FindMember("rejected");
  if (rejected == notifications.MemberEnd() || !rejected->value.IsObject()) return facts;
  for (const auto& [code, count] : rejected->value.GetObject()) {
    if (count.IsUint64()) facts.rejected[code.GetString()] = count.GetUint64();
  }
  return facts;
}

}  // namespace

DoctorFacts gather_facts(const Config& config, std::vector<Problem> problems,
                         std::vector<Problem> places, Runtime& runtime) {
  DoctorFacts facts;
  facts.now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  facts.problems = std::move(problems);
  facts.unwritable = std::move(places);
  facts.listener_address = config.listener.address;
  facts.listener_tls = config.listener.tls;
  facts.has_trusted_proxies = !config.listener.trusted_proxies.empty();
  if (config.listener.tls) facts.tls = tls_facts(config.listener.tls_certificate);
  facts.has_ledger = std::ranges::any_of(
      config.handlers, [](const HandlerConfig& handler) { return handler.type == "ledger"; });
  for (const MerchantConfig& entry : config.merchants) {
    facts.merchants.push_back(gather_merchant(config, entry, runtime));
  }
  facts.service = ask_service(config, base::to_unix_ms(runtime.clock()));
  return facts;
}

}  // namespace couponhook::server
