#include "server/commands/sending.hpp"

#include <cmath>
#include <iomanip>
#include <ostream>

#include <openssl/ssl.h>

namespace couponhook::server {
namespace {

double in_milliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

double per_second(std::uint64_t count, std::chrono::microseconds duration) {
  return duration.count() == 0
             ? 0
             : std::round(1e6 * static_cast<double>(count) / static_cast<double>(duration.count()));
}

}  // namespace

boost::system::result<TlsContext, TlsFileFailure> make_sending_tls(const std::filesystem::path& ca,
                                                                   const Config& config) {
  auto tls = make_client_tls(ca);
  if (!tls || config.listener.tls_certificate.empty()) return tls;
  SSL_CTX* const context = tls->get();
  if (SSL_CTX_load_verify_file(context, config.listener.tls_certificate.c_str()) == 1) {
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  }
  return tls;
}

std::string listener_url(const Config& config, const MerchantConfig& merchant) {
  const base::Url url{config.listener.tls, reachable_address(config.listener.address),
                      std::to_string(config.listener.port), merchant.path};
  return (url.tls ? "https://" : "http://") + url.authority() + url.target;
}

void add_sending_options(Options& options, SendingOptions& sending) {
  options.text("--to", sending.to,
               "URL to send to; default: the configured listener on this machine");
  options.path("--ca", sending.ca, "PEM certificates to trust besides the system's");
  options.path("--key", sending.key.key,
               "Platform private key to sign with; default: development/platform_key.pem");
  options.text("--serial", sending.key.serial,
               "Wechatpay-Serial; default: that of the platform key that fits");
  options.number("--duplicates", sending.duplicates, 1, 1000,
                 "Number of copies of each notification, sent at the same time");
  options.number(
      "--connections", sending.connections, 0, 1000,
      "Number of connections; 0: as many as copies, so that one notification is sent at a time");
  options.real("--rate", sending.rate, 0.0, 1e6,
               "Notifications per second; 0: as fast as replies arrive");
  options.word("--bad", sending.bad, {"signature", "serial", "timestamp", "probe", "ciphertext"},
               "Send faulty notifications, and expect them to be refused");
  options.number("--timeout-ms", sending.timeout_ms, 1, 600000, "Longest time to wait for a reply");
  options.flag("--json", sending.json, "Print the summary as JSON");
}

unsigned expected_status(Bad bad, unsigned if_good) {
  if (bad == Bad::kNone) return if_good;
  return bad == Bad::kCiphertext ? 500 : 401;
}

std::optional<Sending> prepare_sending(const SendingOptions& options, const Config& config,
                                       const MerchantConfig& merchant, Runtime& runtime) {
  if (options.to.empty() && config.listener.port == 0) {
    print_problems(runtime, {{config.file.string() + ": listener.port",
                              "is 0, so the system chooses the port; give the address that `serve` "
                              "printed with --to, or set a fixed port"}});
    return std::nullopt;
  }
  const auto url =
      base::parse_url(options.to.empty() ? listener_url(config, merchant) : options.to);
  if (!url) {
    print_problems(runtime, {{"--to", "\"" + options.to + "\" is not an http or https URL"}});
    return std::nullopt;
  }
  auto maker =
      load_notification_maker(config, merchant, options.key, runtime.random, runtime.clock);
  if (!maker) {
    print_problems(runtime, maker.error());
    return std::nullopt;
  }
  SendPlan plan;
  plan.to = *url;
  plan.copies = options.duplicates;
  plan.connections = options.connections == 0 ? options.duplicates : options.connections;
  plan.rate = options.rate;
  plan.bad = parse_bad(options.bad).value_or(Bad::kNone);
  plan.timeout = std::chrono::milliseconds(options.timeout_ms);
  if (url->tls) {
    auto tls = make_sending_tls(options.ca, config);
    if (!tls) {
      print_problems(runtime, {{"--ca", tls.error().text()}});
      return std::nullopt;
    }
    plan.tls = std::move(*tls);
  }
  return Sending{std::move(plan), std::move(*maker)};
}

std::string describe(const CopyResult& result) {
  if (result.status == 0) return "no reply: " + result.detail;
  return std::to_string(result.status) + (result.detail.empty() ? "" : " " + result.detail);
}

void UnexpectedReplies::check(const std::string& name, const Outgoing& outgoing,
                              const std::vector<CopyResult>& results) {
  for (const CopyResult& result : results) {
    if (lines_.size() == kLinesMax) return;
    if (result.is_as_expected(outgoing.expected)) continue;
    lines_.push_back(name + ": expected " + std::to_string(outgoing.expected) + ", got " +
                     describe(result));
  }
}

void UnexpectedReplies::print(std::uint64_t total, std::ostream& out) const {
  for (const std::string& line : lines_) out << "couponhook: " << line << '\n';
  if (total > lines_.size()) {
    out << "couponhook: and " << total - lines_.size() << " more unexpected replies\n";
  }
}

void print_summary(const Summary& summary, std::ostream& out) {
  const auto row = [&out](const std::string& name) -> std::ostream& {
    return out << std::left << std::setw(22) << name << std::right;
  };
  row("notifications") << summary.notifications << '\n';
  row("copies") << summary.copies << '\n';
  for (const auto& [status, count] : summary.by_status) {
    row("replied " + std::to_string(status)) << count << '\n';
  }
  for (const auto& [code, count] : summary.by_code) row("  " + code) << count << '\n';
  if (summary.connection_errors != 0) row("no reply") << summary.connection_errors << '\n';
  row("unexpected") << summary.unexpected << '\n';
  out << std::fixed << std::setprecision(1);
  row("duration") << in_milliseconds(summary.duration) / 1000 << " s, " << std::setprecision(0)
                  << per_second(summary.copies, summary.duration) << " copies a second\n"
                  << std::setprecision(1);
  if (!summary.by_status.empty()) {
    const LatencyHistogram& latencies = summary.latencies;
    row("latency in ms") << "min " << in_milliseconds(latencies.min()) << ", half within "
                         << in_milliseconds(latencies.quantile(0.5)) << ", 90 % "
                         << in_milliseconds(latencies.quantile(0.9)) << ", 99 % "
                         << in_milliseconds(latencies.quantile(0.99)) << ", max "
                         << in_milliseconds(latencies.max()) << '\n';
  }
  out << std::defaultfloat << std::setprecision(6);
}

void write_summary(const Summary& summary, base::JsonWriter& json) {
  json.number("notifications", summary.notifications).number("copies", summary.copies);
  json.begin("replies");
  for (const auto& [status, count] : summary.by_status) {
    json.number(std::to_string(status), count);
  }
  json.end().begin("codes");
  for (const auto& [code, count] : summary.by_code) json.number(code, count);
  json.end()
      .number("connection_errors", summary.connection_errors)
      .number("unexpected", summary.unexpected)
      .real("duration_ms", in_milliseconds(summary.duration))
      .real("copies_per_second", per_second(summary.copies, summary.duration))
      .begin("latency_ms")
      .real("min", in_milliseconds(summary.latencies.min()))
      .real("p50", in_milliseconds(summary.latencies.quantile(0.5)))
      .real("p90", in_milliseconds(summary.latencies.quantile(0.9)))
      .real("p99", in_milliseconds(summary.latencies.quantile(0.99)))
      .real("max", in_milliseconds(summary.latencies.max()))
      .end();
}

}  // namespace couponhook::server
