#include "server/outbound/api_client.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "server/net/http_client.hpp"
#include "wechatpay/reply.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using wechatpay::ApiError;
using wechatpay::ApiReply;
using wechatpay::ApiRequest;
using wechatpay::ApiResult;

constexpr std::size_t kNonceCharacters = 32;
/// Time limit of one attempt to upload a file: 2 MB at 300 kbit/s.
constexpr milliseconds kUploadTimeout{60'000};

std::optional<ApiError> error_of(const ApiResult<std::string_view>& accepted) {
  if (accepted) return std::nullopt;
  return accepted.error();
}

}  // namespace

Pause sleeping_pause() {
  return [](milliseconds time) {
    std::this_thread::sleep_for(time);
    return true;
  };
}

Pause stoppable_pause(std::stop_token stop) {
  return [stop](milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    return !wake.wait_for(lock, stop, time, [&] { return stop.stop_requested(); });
  };
}

struct ApiClient::Impl {
  /// A connection to one server, with its timeouts and its limit for the size of a reply.
  struct Line {
    Line(ClientLoop& loop, const base::Url& url, const TlsContext& tls, HttpClient::Options options)
        : http(loop.io(), loop.deadlines(), loop.resolver(), url, tls, std::move(options)) {}
    HttpClient http;
  };

  Impl(std::unique_ptr<const ApiAccount> made_account, ApiContext made_context)
      : account(std::move(made_account)),
        api_context(std::move(made_context)),
        api(loop, base::parse_url(account->config.base_url).value(), account->tls,
            {account->config.timeout, account->config.timeout, account->config.max_reply_bytes}),
        cut_short(api_context.stop, [this] { loop.cut_short(); }) {}

  [[nodiscard]] std::chrono::sys_seconds now() const {
    return std::chrono::floor<std::chrono::seconds>(api_context.clock());
  }

  ApiResult<ApiReply> exchange(Line& line, const ApiRequest& request, const ReplyCheck& check) {
    for (int attempts = 1;; ++attempts) {
      const auto turn = api_context.pace->reserve(request.api, std::chrono::steady_clock::now());
      if (!api_context.pause(std::chrono::ceil<milliseconds>(turn))) {
        return wechatpay::no_answer(request.api, "it was not sent: the program is ending");
      }
      auto reply = send(line, request);
      auto error = reply ? check(*reply) : std::optional<ApiError>(reply.error());
      if (!error) return reply;
      const auto delay = wechatpay::retry_delay(*error, attempts);
      if (!delay || !api_context.pause(*delay)) return std::move(*error);
    }
  }

  /// Sends a file, which takes longer than a call on a slow connection.
  ApiResult<ApiReply> upload(const ApiRequest& request, const ReplyCheck& check) {
    const MerchantApiConfig& config = account->config;
    Line line(loop, base::parse_url(config.base_url).value(), account->tls,
              {config.timeout, std::max(config.timeout, kUploadTimeout), config.max_reply_bytes});
    return exchange(line, request, check);
  }

  ApiResult<ApiReply> send(Line& line, const ApiRequest& request) {
    ClientRequest wire(request.method, request.path_and_query);
    const std::string nonce = crypto::random_alphanumeric(api_context.random, kNonceCharacters);
    for (auto& header : wechatpay::request_headers(request, account->caller, nonce, now())) {
      if (header.name == "User-Agent") continue;  // HttpClient sets the User-Agent header itself
      wire.headers.emplace_back(std::move(header.name), std::move(header.value));
    }
    wire.body = request.body;
    wire.repeatable = wechatpay::spec_of(request.api).repeatable;
    auto sent = loop.send(line.http, wire);
    if (!sent) return no_answer(request.api, sent.error().text());
    ApiReply reply{sent->status, {}, std::move(sent->body)};
    for (auto& [name, value] : sent->headers) {
      reply.headers.push_back({std::move(name), std::move(value)});
    }
    return reply;
  }

  /// Makes the error for an API call that got no reply. The configuration that `couponhook init`
  /// writes calls the sandbox on this machine. So if the address is a loopback address, the error
  /// advises the user to start the sandbox.
  ApiError no_answer(wechatpay::Api called, std::string why) const {
    ApiError error = wechatpay::no_answer(called, std::move(why));
    if (base::parse_url(account->config.base_url)->is_loopback()) {
      error.advice =
          "base_url is on this machine: run `couponhook sandbox` to play WeChat Pay there, or set "
          "it to https://api.mch.weixin.qq.com";
    }
    return error;
  }

  std::unique_ptr<const ApiAccount> account;
  ApiContext api_context;
  ClientLoop loop;
  Line api;
  /// Ends a running API call when a stop is requested. This member is declared last, so it is
  /// destroyed first: its callback uses the event loop `loop`.
  std::stop_callback<std::function<void()>> cut_short;
};

ApiClient::ApiClient(std::unique_ptr<const ApiAccount> account, ApiContext api_context)
    : impl_(std::make_unique<Impl>(std::move(account), std::move(api_context))) {}
ApiClient::~ApiClient() = default;
ApiClient::ApiClient(ApiClient&&) noexcept = default;

const ApiAccount& ApiClient::account() const {
  return *impl_->account;
}

ApiResult<ApiReply> ApiClient::exchange(const ApiRequest& request, const ReplyCheck& check) {
  return impl_->exchange(impl_->api, request, check);
}

ApiResult<std::string> ApiClient::call(const ApiRequest& request) {
  const auto believe = [&](const ApiReply& reply) {
    return error_of(wechatpay::accept_reply(request, reply, impl_->account->merchant.platform_keys,
                                            impl_->now()));
  };
  auto reply = request.signed_text ? impl_->upload(request, believe) : exchange(request, believe);
  if (!reply) return reply.error();
  return std::move(reply->body);
}

ApiResult<std::string> ApiClient::download(const wechatpay::FlowLink& link,
                                           const DownloadProgress& on_progress) {
  const MerchantApiConfig& config = impl_->account->config;
  const auto request = wechatpay::download_request(link, config.base_url);
  if (!request) return request.error();
  const auto url = base::parse_url(wechatpay::download_origin(link));
  if (!url) return wechatpay::unreadable(request->api, "download_url");
  HttpClient::Options options{config.timeout, config.flow_timeout, config.max_flow_bytes};
  options.on_body = on_progress;
  Impl::Line line(impl_->loop, *url, impl_->account->tls, std::move(options));
  const auto believe = [&](const ApiReply& reply) -> std::optional<ApiError> {
    const auto accepted = wechatpay::accept_reply(
        *request, reply, impl_->account->merchant.platform_keys, impl_->now());
    if (!accepted) return accepted.error();
    const auto whole = wechatpay::check_flow_content(link, *accepted);
    if (!whole) return whole.error();
    return std::nullopt;
  };
  auto reply = impl_->exchange(line, *request, believe);
  if (!reply) return reply.error();
  return std::move(reply->body);
}

}  // namespace couponhook::server
