#include "sandbox/shared_platform.hpp"

#include <algorithm>

#include "base/ip_address.hpp"
#include "base/url.hpp"
#include "crypto/resource_cipher.hpp"
#include "sandbox/multipart_form.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::string_view kControl = "/sandbox/";
constexpr std::string_view kSigned = "/v3/";
constexpr std::size_t kRequestNonceLength = 32;

}  // namespace

SharedPlatform::SharedPlatform(std::unique_ptr<Platform> platform, base::WallClock clock,
                               crypto::RandomSource random, double speed)
    : clock_(std::move(clock)),
      random_(std::move(random)),
      speed_(speed),
      begun_(std::chrono::steady_clock::now()),
      platform_(std::move(platform)),
      routes_(make_routes(*platform_)) {}

SandboxTime SharedPlatform::now() const {
  const std::chrono::duration<double, std::milli> passed =
      std::chrono::steady_clock::now() - begun_;
  return {std::chrono::floor<std::chrono::seconds>(clock_()),
          std::chrono::duration_cast<ScheduleTime>(passed * speed_)};
}

/// Answers a request: returns the body of the reply, or an error reply. If the path or the method
/// is unknown, sets only the status of the reply (404 or 405) and its Allow header, because WeChat
/// Pay documents no error for this case.
Result<Answer> SharedPlatform::ask(const RawRequest& request, RawReply& reply) {
  const SignedRequest& parts = request.signed_parts;
  const std::string_view path = base::path_of(parts.target);
  Call call{parts.method, {}, parts.body, {}, {}, now(), request.content_type};
  auto target = base::parse_request_target(parts.target);
  if (!target) return param_error("请求路径不合法");
  call.target = std::move(*target);
  auto match = routes_.find(call.method, call.target);
  if (match.handler == nullptr) {
    reply.status = match.allow.empty() ? 404 : 405;
    if (!match.allow.empty()) reply.headers.emplace_back("Allow", std::move(match.allow));
    return Answer{};
  }
  call.path_parameters = std::move(match.path_parameters);
  if (path.starts_with(kControl) && !base::is_loopback(request.peer)) {
    return blocked("/sandbox/ can be used only from this machine");
  }
  if (path.starts_with(kSigned)) {
    SignedRequest signed_parts = parts;
    if (is_multipart(request.content_type)) {
      signed_parts.body = signed_content(request.content_type, parts.body);
    }
    auto mchid = authorize(signed_parts, platform_->api_keys, call.now.wall);
    if (!mchid) return mchid.error();
    call.mchid = std::move(*mchid);
    if (auto error = platform_->gate.refuse(call.mchid, path, call.now.wall)) {
      return std::move(*error);
    }
  }
  return (*match.handler)(call);
}

RawReply SharedPlatform::answer(const RawRequest& request) {
  RawReply reply;
  PlatformKeyPtr key;
  {
    const std::lock_guard lock(mutex_);
    auto answer = ask(request, reply);
    if (!answer) {
      reply.status = answer.error().status;
      reply.body = error_body(answer.error());
    } else {
      reply.body = std::move(answer->body);
      reply.is_file = answer->is_file;
      reply.file_type = answer->file_type;
    }
    // Send a downloaded file without a signature, as WeChat Pay does: the client checks the hash of
    // the file instead.
    if (reply.is_file) return reply;
    key = platform_->certificates.choose_for_reply(request.wanted_serial, platform_->chance);
  }
  sign(*key, reply);
  return reply;
}

void SharedPlatform::sign(const PlatformKey& key, RawReply& reply) const {
  const std::string timestamp =
      std::to_string(std::chrono::floor<std::chrono::seconds>(clock_()).time_since_epoch().count());
  const std::string nonce = crypto::random_alphanumeric(random_, kRequestNonceLength);
  std::string signature =
      key.signer.sign(crypto::notification_message(timestamp, nonce, reply.body));
  reply.headers.emplace_back("Request-ID", crypto::random_uuid(random_));
  reply.headers.emplace_back("Wechatpay-Timestamp", timestamp);
  reply.headers.emplace_back("Wechatpay-Nonce", nonce);
  reply.headers.emplace_back("Wechatpay-Serial", key.serial);
  reply.headers.emplace_back("Wechatpay-Signature", std::move(signature));
  reply.headers.emplace_back("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048");
}

std::shared_ptr<const NotificationMaker> SharedPlatform::maker_for(const std::string& mchid,
                                                                   const PlatformKey& key) {
  auto& maker = makers_[{mchid, key.serial}];
  if (maker == nullptr) {
    auto signer = crypto::Signer::from_pem(key.private_key);
    const auto& api_v3_key = platform_->accounts.at(mchid).api_v3_key;
    maker = std::make_shared<const NotificationMaker>(
        std::move(*signer), key.serial,
        crypto::ResourceCipher(crypto::Secret(std::string(api_v3_key.reveal()))), random_, clock_);
  }
  return maker;
}

std::optional<CopyToSend> SharedPlatform::take_copy() {
  const std::lock_guard lock(mutex_);
  const auto copy = platform_->outbox.take(now().schedule);
  if (!copy) return std::nullopt;
  const OutboxEntry& entry = platform_->outbox.entry(copy->entry);
  const PlatformKeyPtr key = platform_->certificates.choose(platform_->chance);
  return CopyToSend{*copy, entry.draft, entry.url, maker_for(entry.mchid, *key)};
}

std::optional<std::chrono::milliseconds> SharedPlatform::until_next_copy() {
  const std::lock_guard lock(mutex_);
  const auto due = platform_->outbox.next_due();
  if (!due) return std::nullopt;
  const ScheduleTime left = std::max(*due - now().schedule, ScheduleTime(0));
  return std::chrono::ceil<std::chrono::milliseconds>(
      std::chrono::duration<double, std::milli>(left) / speed_);
}

void SharedPlatform::finish_copy(const Copy& copy, unsigned status) {
  const std::lock_guard lock(mutex_);
  platform_->outbox.replied(copy, status, now().schedule);
}

OutboxSummary SharedPlatform::summary() {
  const std::lock_guard lock(mutex_);
  return platform_->outbox.summary();
}

}  // namespace couponhook::server::sandbox
