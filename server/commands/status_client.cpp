#include "server/commands/status_client.hpp"

#include <iomanip>
#include <sstream>

#include "base/percent_encoding.hpp"
#include "base/printable.hpp"
#include "base/url.hpp"
#include "server/commands/admin_client.hpp"

namespace couponhook::server {

std::optional<rapidjson::Document> StatusClient::ask(const std::string& method,
                                                     const std::string& target,
                                                     const std::string& body) {
  exit_ = Exit::kOk;
  if (!config_) config_ = load_config_or_print(common_, runtime_);
  if (!config_ || !mchid_is_configured(*config_, common_, runtime_)) return give_up(Exit::kUsage);
  const auto token = read_client_token(config_->admin);
  if (!token) {
    print_problems(runtime_, {token.error()});
    return give_up(Exit::kUsage);
  }
  const auto answer = ask_admin(config_->admin, *token, method, target, body);
  if (!answer) return fail(answer.error());
  body_ = answer->body;
  rapidjson::Document document;
  document.Parse(body_.data(), body_.size());
  if (document.HasParseError() || !document.IsObject()) {
    return fail_at_endpoint("the answer is not JSON; is this couponhook's status endpoint?");
  }
  if (answer->status / 100 != 2) {
    const std::string message = document.HasMember("message") && document["message"].IsString()
                                    ? document["message"].GetString()
                                    : "no message";
    return fail_at_endpoint("status " + std::to_string(answer->status) + ": " + message);
  }
  return document;
}

std::nullopt_t StatusClient::fail_at_endpoint(const std::string& message) {
  return fail({admin_place(config_->admin), message});
}

std::nullopt_t StatusClient::fail(const Problem& problem) {
  print_problems(runtime_, {problem});
  return give_up(Exit::kFailed);
}

std::nullopt_t StatusClient::give_up(Exit exit) {
  exit_ = exit;
  return std::nullopt;
}

std::string target_with(
    std::string path,
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    (((path += separator) += name) += '=') += base::percent_encode(value);
    separator = '&';
  }
  return path;
}

std::string describe_pause(const rapidjson::Value& pause) {
  const auto any = [&](const char* key) {
    const std::string text = text_of(pause, key);
    return text.empty() ? std::string("any") : text;
  };
  std::string words = "handler " + any("handler") + ", events " + any("events") + ", since " +
                      text_of(pause, "since");
  const std::string by = text_of(pause, "by");
  if (!by.empty() && by != "-") words += ", by " + by;
  const std::string reason = text_of(pause, "reason");
  return reason.empty() ? words : words + ": " + reason;
}

std::string text_of(const rapidjson::Value& object, const char* key) {
  if (!object.HasMember(key)) return "-";
  const rapidjson::Value& value = object[key];
  if (value.IsString()) return base::printable({value.GetString(), value.GetStringLength()});
  if (value.IsInt64()) return std::to_string(value.GetInt64());
  if (value.IsDouble()) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(1) << value.GetDouble();
    return out.str();
  }
  if (value.IsBool()) return value.GetBool() ? "yes" : "no";
  return "-";
}

}  // namespace couponhook::server
