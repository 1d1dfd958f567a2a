#include "server/commands/event_forwarder.hpp"

#include <array>
#include <ostream>
#include <utility>

#include <rapidjson/document.h>

#include "base/base64.hpp"
#include "base/wechat_time.hpp"
#include "crypto/file.hpp"
#include "server/commands/event_messages.hpp"
#include "server/delivery/http_sender.hpp"

namespace couponhook::server {
namespace {

constexpr std::size_t kSecretBytes = 32;

std::string fresh_secret(Runtime& runtime) {
  std::array<unsigned char, kSecretBytes> bytes{};
  runtime.random(bytes);
  return "whsec_" + base::base64_encode(std::string(bytes.begin(), bytes.end()));
}

boost::system::result<crypto::WebhookSigner, Problem> make_signer(
    const std::filesystem::path& secret_file, Runtime& runtime) {
  if (secret_file.empty()) {
    const std::string secret = fresh_secret(runtime);
    auto signer = crypto::WebhookSigner::from_text(secret);
    if (!signer) return Problem{"--secret-file", signer.error()};
    runtime.err << "couponhook: the webhook secret of this session is " << secret << std::endl;
    return std::move(*signer);
  }
  const auto text = crypto::read_file(secret_file);
  if (!text) return Problem{"--secret-file " + secret_file.string(), text.error().text()};
  auto signer = crypto::WebhookSigner::from_text(text->reveal());
  if (!signer) return Problem{"--secret-file " + secret_file.string(), signer.error()};
  return std::move(*signer);
}

std::string text_member(const rapidjson::Document& object, const char* name) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

/// Returns the decrypted resource as the store has it: the object in the reply, byte for byte, or
/// the text in which the status endpoint shows a resource that is not an object.
std::string resource_of(const rapidjson::Document& notification, std::string_view json) {
  const auto found = notification.FindMember("resource");
  if (found == notification.MemberEnd() || !found->value.IsObject()) {
    return text_member(notification, "resource");
  }
  return std::string(raw_member(json, "resource").value_or(""));
}

storage::ClaimedDelivery delivery_of(const rapidjson::Document& notification,
                                     std::string_view json) {
  storage::ClaimedDelivery delivery;
  delivery.notification_id = text_member(notification, "id");
  delivery.mchid = text_member(notification, "mchid");
  delivery.event_type = text_member(notification, "type");
  delivery.create_time = text_member(notification, "create_time");
  delivery.source = text_member(notification, "source");
  delivery.resource = resource_of(notification, json);
  if (const auto received = base::parse_event_time(text_member(notification, "received_at"))) {
    delivery.created_at_ms = received->time_since_epoch().count();
  }
  return delivery;
}

}  // namespace

boost::system::result<EventForwarder, Problem> EventForwarder::make(const ForwardOptions& options,
                                                                    ClientLoop& loop,
                                                                    Runtime& runtime) {
  // The scheme may be left out, as in "localhost:3000/hooks". Other forwarding tools allow this too.
  std::string text = options.url;
  if (text.find("://") == std::string::npos) text = "http://" + text;
  const auto url = base::parse_url(text);
  if (!url) return Problem{"--forward", "\"" + options.url + "\" is not an http or https URL"};
  if (!url->tls && !url->is_loopback()) {
    return Problem{"--forward",
                   "events may leave this machine only encrypted: use https, or http "
                   "with localhost"};
  }
  TlsContext tls;
  if (url->tls) {
    auto made = make_client_tls(options.ca_file);
    if (!made) return Problem{"--ca", made.error().text()};
    tls = std::move(*made);
  }
  auto signer = make_signer(options.secret_file, runtime);
  if (!signer) return signer.error();
  return EventForwarder(std::move(text), *url, std::move(tls), std::move(*signer), loop,
                        runtime.clock);
}

EventForwarder::EventForwarder(std::string text, base::Url url, TlsContext tls,
                               crypto::WebhookSigner signer, ClientLoop& loop,
                               base::WallClock clock)
    : text_(std::move(text)),
      url_(std::move(url)),
      signer_(std::move(signer)),
      loop_(loop),
      clock_(std::move(clock)) {
  const HttpClient::Options options{.connect_timeout = kTimeout,
                                    .reply_timeout = kTimeout,
                                    .total_timeout = kTimeout,
                                    .status_is_enough = true,
                                    .guard = AddressGuard{}};
  client_ = std::make_unique<HttpClient>(loop.io(), loop.deadlines(), loop.resolver(), url_,
                                         std::move(tls), options);
}

ForwardResult EventForwarder::post(std::string_view notification) {
  rapidjson::Document document;
  document.Parse(notification.data(), notification.size());
  if (document.HasParseError() || !document.IsObject()) {
    return {0, {}, "the status endpoint's answer is not JSON"};
  }
  const ClientRequest request =
      webhook_request(url_, signer_, delivery_of(document, notification), clock_());
  const auto began = SteadyClock::now();
  const auto reply = loop_.send(*client_, request);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - began);
  if (!reply) return {0, took, reply.error().text()};
  return {reply->status, took, {}};
}

}  // namespace couponhook::server
