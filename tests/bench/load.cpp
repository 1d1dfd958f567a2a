/// \file
/// Sends notifications to a running couponhook, and reports couponhook's CPU time for each
/// notification and the latencies of its replies. All notifications are signed before the
/// measurement.

#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "cpu_time.hpp"
#include "load_client.hpp"
#include "load_requests.hpp"
#include "server/commands/signing_key.hpp"

namespace couponhook::bench {
namespace {

using std::chrono::nanoseconds;

/// Time to wait after the last reply before couponhook's CPU time is read. couponhook may still be
/// writing log lines about the requests, and their cost must be included.
constexpr std::chrono::milliseconds kAftermath{300};

struct Options {
  std::string config;
  RequestPlan wanted;
  std::size_t connections = 16;
  bool new_connections = false;
  double rate = 0;
  std::size_t rounds = 1;
  pid_t service = 0;
  bool json = false;
};

struct Round {
  Outcome outcome;
  std::size_t unexpected = 0;
  double cpu_us = 0;  ///< couponhook's CPU time for each request, in microseconds; 0: not measured

  [[nodiscard]] double per_second(std::size_t requests) const {
    return static_cast<double>(requests) / std::chrono::duration<double>(outcome.duration).count();
  }
  [[nodiscard]] double latency_ms(double share) const {
    return std::chrono::duration<double, std::milli>(outcome.latencies.quantile(share)).count();
  }
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  const std::map<std::string, server::Bad> forgeries{{"signature", server::Bad::kSignature},
                                                     {"serial", server::Bad::kSerial},
                                                     {"timestamp", server::Bad::kTimestamp}};
  app.add_option("--config", options.config, "Configuration that `couponhook init` has made")
      ->required();
  app.add_option("--connections", options.connections, "How many")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--requests", options.wanted.requests, "How many a round")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "How many, each with notifications of its own")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--duplicate-share", options.wanted.duplicate_share,
                 "Share of requests that are copies of earlier ones")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_flag("--new-connections", options.new_connections, "A full handshake for each request");
  app.add_option("--rate", options.rate, "Requests a second; 0: as fast as they are answered")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--forged", options.wanted.bad, "What is wrong with every request")
      ->transform(CLI::CheckedTransformer(forgeries));
  app.add_option("--pid", options.service, "The service's process, to tell its CPU time");
  app.add_flag("--json", options.json, "A line of JSON for each round");
  app.parse(argc, argv);
  return options;
}

/// Returns true if a reply has the expected HTTP status: for a correct notification 200 or 204
/// (stored), for a forged notification 401 (refused).
bool is_expected(unsigned status, const RequestPlan& wanted) {
  if (wanted.bad != server::Bad::kNone) return status == 401;
  return status == 204 || status == 200;
}

Round run_round(const Options& options, const ClientOptions& client, const Requests& requests) {
  const bool measures = options.service != 0;
  const clockid_t clock = measures ? process_clock(options.service) : CLOCK_MONOTONIC;
  nanoseconds begun{};
  Round round{send_requests(client, requests, [&] { begun = cpu_time(clock); })};
  std::this_thread::sleep_for(kAftermath);
  if (measures) round.cpu_us = each(cpu_time(clock) - begun, requests.count);
  for (const auto& [status, count] : round.outcome.by_status) {
    if (!is_expected(status, options.wanted)) round.unexpected += count;
  }
  return round;
}

void print(const Options& options, const Round& round) {
  const std::size_t requests = options.wanted.requests;
  if (options.json) {
    std::printf(
        "{\"requests\":%zu,\"unexpected\":%zu,\"per_second\":%.0f,\"p50_ms\":%.3f,"
        "\"p99_ms\":%.3f,\"max_ms\":%.3f,\"cpu_us\":%.3f}\n",
        requests, round.unexpected, round.per_second(requests), round.latency_ms(0.5),
        round.latency_ms(0.99), round.latency_ms(1), round.cpu_us);
  } else {
    std::printf(
        "%zu requests, %zu replies not as expected; %.0f a second; latency p50 %.2f, "
        "p99 %.2f, max %.2f ms",
        requests, round.unexpected, round.per_second(requests), round.latency_ms(0.5),
        round.latency_ms(0.99), round.latency_ms(1));
    if (round.cpu_us > 0) std::printf("; service: %.1f CPU us a request", round.cpu_us);
    std::printf("\n");
  }
  std::fflush(stdout);
  if (round.unexpected == 0) return;
  for (const auto& [status, count] : round.outcome.by_status) {
    std::fprintf(stderr, "load: %zu replies with status %u\n", count, status);
  }
}

template <typename T>
T value_of(boost::system::result<T, std::vector<server::Problem>> result) {
  if (result) return std::move(*result);
  const server::Problem& problem = result.error().front();
  throw std::runtime_error(problem.where + ": " + problem.message);
}

int run(const Options& options) {
  const server::Config config =
      value_of(server::load_config(options.config, server::process_environment()));
  const server::MerchantConfig& merchant = config.merchants.front();
  const auto maker = value_of(server::load_notification_maker(
      config, merchant, {}, crypto::system_random(), &std::chrono::system_clock::now));
  const auto tls = server::make_client_tls(config.listener.tls_certificate);
  if (!tls) throw std::runtime_error(tls.error().text());
  const ClientOptions client{config.listener.address, config.listener.port,    *tls,
                             options.connections,     options.new_connections, options.rate};
  std::size_t unexpected = 0;
  for (std::size_t i = 0; i < options.rounds; ++i) {
    const Requests requests = make_requests(options.wanted, merchant, maker);
    const Round round = run_round(options, client, requests);
    print(options, round);
    unexpected += round.unexpected;
  }
  return unexpected == 0 ? 0 : 1;
}

}  // namespace
}  // namespace couponhook::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Drives a running couponhook and tells what a notification costs it.", "load");
  try {
    return couponhook::bench::run(couponhook::bench::parse(app, argc, argv));
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
