#include <charconv>
#include <ostream>

#include "base/bug.hpp"
#include "base/url.hpp"
#include "sandbox/service.hpp"
#include "server/commands/sandbox_setup.hpp"
#include "server/commands/sending.hpp"
#include "server/service/blocked_signals.hpp"
#include "server/service/listening.hpp"

namespace couponhook::server {
namespace {

struct SandboxOptions {
  std::string listen;
  std::string notify;
  bool plain_http = false;
  double speed = 1;
  std::uint64_t seed = 1;
  double lose_percent = 0;
  std::string lose_event;
  double probe_percent = 0;
  double duplicate_percent = 0;
  std::uint32_t shuffle_s = 0;
  std::uint32_t rate_limit = 0;
  std::uint32_t link_s = 30;
  std::size_t connections = 8;
};

struct Listener {
  std::string address;
  std::uint16_t port = 0;
  bool tls = true;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return port;
}

/// Parses the address and the port on which the sandbox listens.
/// \param text has the form "address:port"; an IPv6 address is in brackets.
/// \return the address and port; nothing if the text is malformed.
std::optional<Listener> parse_listener(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  if (!port || address.empty()) return std::nullopt;
  return Listener{std::string(address), *port, true};
}

/// Returns the address and port of a URL, so that the sandbox can listen there; nothing if the
/// URL's host is not a loopback address.
std::optional<Listener> listener_of(const std::string& base_url) {
  const auto url = base::parse_url(base_url);
  if (!url) return std::nullopt;
  const auto port = parse_port(url->port);
  if (!url->is_loopback()) return std::nullopt;
  return Listener{url->host == "localhost" ? "127.0.0.1" : url->host, *port, url->tls};
}

std::optional<Listener> choose_listener(const SandboxOptions& options, const Config& config,
                                        std::vector<Problem>& problems) {
  if (!options.listen.empty()) {
    auto listener = parse_listener(options.listen);
    if (!listener) problems.push_back({"--listen", "must be ADDRESS:PORT: 127.0.0.1:8444"});
    return listener;
  }
  for (const MerchantConfig& merchant : config.merchants) {
    if (!merchant.api) continue;
    if (auto listener = listener_of(merchant.api->base_url)) return listener;
  }
  problems.push_back({config.file.string() + ": merchant.api.base_url",
                      "names no address of this machine to listen on; set it to "
                      "\"https://127.0.0.1:8444\", or use --listen ADDRESS:PORT"});
  return std::nullopt;
}

sandbox::PlatformOptions platform_options(const SandboxOptions& options) {
  sandbox::PlatformOptions chosen;
  chosen.seed = options.seed;
  chosen.link_life = std::chrono::seconds(options.link_s);
  chosen.requests_per_minute = options.rate_limit;
  chosen.faults = {options.lose_percent, options.lose_event, options.probe_percent,
                   options.duplicate_percent, std::chrono::seconds(options.shuffle_s)};
  return chosen;
}

/// Registers a notification URL for every merchant at the sandbox. The default is the merchant's
/// path at the configured listener.
void register_callbacks(const SandboxOptions& options, const Config& config,
                        sandbox::Platform& platform) {
  if (options.notify == "none") return;
  for (const MerchantConfig& merchant : config.merchants) {
    const std::string url =
        options.notify.empty() ? listener_url(config, merchant) : options.notify;
    auto& callbacks = platform.accounts.at(merchant.mchid).callbacks;
    callbacks[sandbox::Product::kFavor] = {url};
    callbacks[sandbox::Product::kBusifavor] = {url};
  }
}

void print_summary(const sandbox::OutboxSummary& summary, std::ostream& out) {
  out << "notifications\n";
  for (const auto& [state, count] : summary.by_state) out << "  " << state << ' ' << count << '\n';
  for (const auto& [sends, count] : summary.delivered_by_sends) {
    out << "  delivered at send " << sends << ": " << count << '\n';
  }
  out << "  copies sent " << summary.copies << ", probes " << summary.probes << " of which "
      << summary.probes_accepted << " accepted" << std::endl;
}

/// Makes the network settings of the sandbox: listener, TLS, and connections for sending
/// notifications. If there is a problem, adds it to `problems` and returns nothing.
std::optional<sandbox::ServiceOptions> service_options(const SandboxOptions& options,
                                                       const Config& config, Runtime& runtime,
                                                       std::vector<Problem>& problems) {
  const auto listener = choose_listener(options, config, problems);
  if (!listener) return std::nullopt;
  sandbox::ServiceOptions chosen;
  chosen.address = listener->address;
  chosen.port = listener->port;
  chosen.connections = options.connections;
  chosen.limits = listener_limits({});
  chosen.limits.max_connections_per_address = chosen.limits.max_connections;
  // An image of 2 MB is uploaded within a form. Room for twice as much, so that an image that is
  // too large gets WeChat Pay's own error.
  chosen.limits.max_body_bytes = 4 * 1024 * 1024;
  if (listener->tls && !options.plain_http) {
    auto tls = make_server_tls(config.listener.tls_certificate, config.listener.tls_private_key);
    if (!tls) {
      problems.push_back(
          {config.file.string() + ": listener.tls_certificate",
           tls.error().text() + " (the sandbox uses it too; --plain-http goes without)"});
      return std::nullopt;
    }
    chosen.tls = std::move(*tls);
  }
  auto client_tls = make_sending_tls({}, config);
  if (client_tls) chosen.client_tls = std::move(*client_tls);
  chosen.on_ready = [&runtime](const std::string& url) {
    runtime.out << "couponhook: sandbox at " << url << std::endl;
  };
  chosen.on_bug = [&runtime](std::exception_ptr bug) {
    runtime.err << "couponhook: a request failed: " << base::describe_exception(bug) << std::endl;
  };
  return chosen;
}

Exit run_sandbox(const SandboxOptions& options, const CommonOptions& common, Runtime& runtime) {
  block_unexpected_signals();
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  std::vector<Problem> problems;
  if (!options.notify.empty() && options.notify != "none" && !base::parse_url(options.notify)) {
    problems.push_back({"--notify", "\"" + options.notify + "\" is not an http or https URL"});
  }
  const auto service = service_options(options, *config, runtime, problems);
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  auto platform = sandbox::make_platform(*config, platform_options(options), now, problems);
  print_problems(runtime, problems);
  if (!problems.empty()) return Exit::kUsage;
  register_callbacks(options, *config, *platform);
  sandbox::SharedPlatform shared(std::move(platform), runtime.clock, runtime.random, options.speed);
  if (const auto problem = sandbox::run(shared, *service)) {
    print_problems(runtime, {*problem});
    return Exit::kFailed;
  }
  print_summary(shared.summary(), runtime.out);
  return Exit::kOk;
}

constexpr const char* kControl =
    R"(Control, on the same port, from this machine, without a signature (bodies and replies are JSON):
  POST /sandbox/issue     {"stock_id","openid"?,"appid"?,"coupon_code"?,"channel"?,"count"?}
                          a stock id that nobody created becomes one of merchant coupons
  POST /sandbox/redeem    {"coupon_id","transaction_id"?,"mchid"?,"total"?,"goods_detail"?}
  POST /sandbox/refund    {"coupon_id" or "transaction_id","amount"?,"payer_amount"?,"status"?,
                          "out_refund_no"?,"notify_url"?}
  POST /sandbox/end       {"stock_id"}: as if it had ended long ago, so that its flow files are there
  POST /sandbox/faults    {"lose_percent"?,"lose_event"?,"probe_percent"?,"duplicate_percent"?,
                          "shuffle_s"?}; GET shows them
  POST /sandbox/fail      {"path","status","code","message"?,"count"?}: API errors to order
  POST /sandbox/rollover  {"stage": old|announced|both|new|mixed|public_key,"new_share"?}
  GET  /sandbox/books     stocks, coupons with the history that a ledger should have, payments
  GET  /sandbox/notifications   what was delivered after how many sends, lost or given up
  GET  /sandbox/keys      the platform's certificates and public key, PEM
An H5 link works with this address in place of https://action.weixin.qq.com.)";

}  // namespace

void declare_sandbox(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<SandboxOptions>();
  Options options = line.add(
      "sandbox",
      "Simulate WeChat Pay on this machine: its coupon APIs, and notifications on its schedule",
      [chosen, &common, &runtime] { return run_sandbox(*chosen, common, runtime); });
  add_config_option(options, common);
  options.text("--listen", chosen->listen,
               "ADDRESS:PORT to serve the APIs on; default: that of merchant.api.base_url");
  options.flag("--plain-http", chosen->plain_http, "Serve without TLS");
  options.text("--notify", chosen->notify,
               "URL for notifications until a callback URL is set; \"none\": send none; default: "
               "the configured listener on this machine");
  options.real("--speed", chosen->speed, 0.001, 1e6,
               "Seconds of the retry schedule that pass in one second");
  options.number("--seed", chosen->seed, 0, UINT64_MAX >> 1U,
                 "Seed of the random numbers: the same seed gives the same ids and loses the same "
                 "notifications");
  options.real("--lose", chosen->lose_percent, 0, 100,
               "Percent of notifications that are never sent");
  options.text("--lose-event", chosen->lose_event, "Lose only notifications of this event type");
  options.real("--probe", chosen->probe_percent, 0, 100,
               "Percent of notifications whose first copy is a probe with a wrong signature");
  options.real(
      "--duplicate", chosen->duplicate_percent, 0, 100,
      "Percent of notifications that are sent twice, over two connections at the same time");
  options.number("--shuffle", chosen->shuffle_s, 0, 86400,
                 "Longest random delay of a notification, in seconds of the schedule, so that "
                 "notifications arrive out of order");
  options.number("--rate-limit", chosen->rate_limit, 0, 1'000'000,
                 "API requests a minute before FREQUENCY_LIMITED; 0: no limit");
  options.number("--link-seconds", chosen->link_s, 0, 86400,
                 "Seconds until the download link of a flow file expires");
  options.number("--connections", chosen->connections, 2, 256,
                 "Number of connections for notifications");
  options.epilogue(kControl);
}

}  // namespace couponhook::server
