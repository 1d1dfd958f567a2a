#include "server/commands/status_client.hpp"

#include <iomanip>
#include <sstream>

#include "server/file.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server {
namespace {

using Result = boost::system::result<ClientReply, std::string>;

Task<void> send_into(HttpClient& client, const ClientRequest& request,
                     std::optional<Result>& result) {
  result.emplace(co_await client.send(request));
}

Result exchange(const Config& config, const crypto::Secret& token, const std::string& method,
                const std::string& target, const std::string& body) {
  const bool tls = !config.admin.tls_certificate.empty();
  TlsContext context;
  if (tls) {
    auto made = make_client_tls(config.admin.tls_certificate);
    if (!made) return Result(boost::system::in_place_error, made.error());
    context = *made;
  }
  const Url url{tls, reachable_address(config.admin.address), std::to_string(config.admin.port),
                target};
  ClientRequest request(method, target);
  request.headers.emplace_back("Authorization", "Bearer " + std::string(token.reveal()));
  request.body = body;
  ClientLoop loop;
  HttpClient client(loop.io(), loop.deadlines(), url, context, {});
  std::optional<Result> result;
  loop.spawn(send_into(client, request, result));
  loop.run();
  return std::move(*result);
}

}  // namespace

std::optional<rapidjson::Document> StatusClient::ask(const std::string& method,
                                                     const std::string& target,
                                                     const std::string& body) {
  exit_ = Exit::kOk;
  if (!config_) config_ = load_config_or_print(common_, world_);
  if (!config_) return give_up(Exit::kUsage);
  const auto token = read_secret_line(config_->admin.token_file);
  if (!token) {
    print_problems(world_, {{config_->admin.token_file.string(), token.error()}});
    return give_up(Exit::kUsage);
  }
  const auto reply = exchange(*config_, *token, method, target, body);
  if (!reply) return fail(*config_, reply.error());
  body_ = reply->body;
  rapidjson::Document document;
  document.Parse(body_.data(), body_.size());
  if (document.HasParseError() || !document.IsObject()) {
    return fail(*config_, "the answer is not JSON; is this couponhook's status endpoint?");
  }
  if (reply->status / 100 != 2) {
    const std::string message = document.HasMember("message") && document["message"].IsString()
                                    ? document["message"].GetString()
                                    : "no message";
    return fail(*config_, "status " + std::to_string(reply->status) + ": " + message);
  }
  return document;
}

std::nullopt_t StatusClient::fail(const Config& config, const std::string& message) {
  print_problems(world_, {{"status endpoint at " + config.admin.address + " port " +
                               std::to_string(config.admin.port),
                           message}});
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
    (((path += separator) += name) += '=') += percent_encode(value);
    separator = '&';
  }
  return path;
}

std::string text_of(const rapidjson::Value& object, const char* key) {
  if (!object.HasMember(key)) return "-";
  const rapidjson::Value& value = object[key];
  if (value.IsString()) return value.GetString();
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
