#include <ostream>

#include "base/percent_encoding.hpp"
#include "base/url.hpp"
#include "server/commands/delivery_options.hpp"
#include "server/commands/order.hpp"
#include "server/commands/status_client.hpp"

namespace couponhook::server {
namespace {

struct RetryOptions {
  std::vector<std::string> ids;
  DeliveryChoice choice;
  std::string to;
  std::string reason;
  bool all = false;
  bool dry_run = false;
};

struct SkipOptions {
  std::vector<std::string> ids;
  DeliveryChoice choice;
  std::string reason;
  bool dry_run = false;
};

/// Sends the same order (retry or skip) for each of the deliveries. If the order for one delivery
/// fails, the orders for the other deliveries are still sent.
/// \return the exit code.
Exit order_each(const CommonOptions& common, const std::vector<std::string>& ids,
                const std::string& action, const std::string& body, Runtime& runtime) {
  Exit worst = Exit::kOk;
  StatusClient client(common, runtime);
  for (const std::string& id : ids) {
    const auto answer =
        client.ask("POST", "/deliveries/" + base::percent_encode(id) + "/" + action, body);
    if (!answer) {
      worst = client.exit();
      if (worst == Exit::kUsage) return worst;
      continue;
    }
    runtime.out << "delivery " << id << ": " << text_of(*answer, "result") << '\n';
  }
  return worst;
}

Exit retry(const CommonOptions& common, const RetryOptions& chosen, Runtime& runtime) {
  const bool filtered = chosen.all || !chosen.choice.empty();
  if (!chosen.to.empty() && filtered && chosen.choice.handler.empty()) {
    runtime.err << "couponhook: retry: --to needs --handler OLD, whose deliveries are moved\n";
    return Exit::kUsage;
  }
  if (chosen.ids.empty() == filtered) {
    if (filtered) {
      return order_filtered(common,
                            {.target = "/deliveries/retry",
                             .to = chosen.to,
                             .reason = chosen.reason,
                             .dry_run = chosen.dry_run},
                            chosen.choice, runtime);
    }
    if (!chosen.dry_run) {
      return order_each(common, chosen.ids, "retry",
                        members({{"to", chosen.to}, {"reason", chosen.reason}}), runtime);
    }
  }
  runtime.err
      << "couponhook: retry: name deliveries by ID, or by at least one of --handler --type "
         "--state --mchid --since --until --error (--all: every dead or retrying one), whose "
         "number --dry-run prints first\n";
  return Exit::kUsage;
}

Exit skip(const CommonOptions& common, const SkipOptions& chosen, Runtime& runtime) {
  const bool filtered = !chosen.choice.empty();
  const bool counts = filtered && chosen.dry_run;
  if (chosen.ids.empty() != filtered || (chosen.reason.empty() && !counts) ||
      (chosen.dry_run && !filtered)) {
    runtime.err
        << "couponhook: skip: name deliveries by ID, or by at least one of --handler --type "
           "--state --mchid --since --until --error, whose number --dry-run prints first; "
           "and give a --reason\n";
    return Exit::kUsage;
  }
  if (!filtered) {
    return order_each(common, chosen.ids, "skip", members({{"reason", chosen.reason}}), runtime);
  }
  return order_filtered(
      common, {.target = "/deliveries/skip", .reason = chosen.reason, .dry_run = chosen.dry_run},
      chosen.choice, runtime);
}

}  // namespace

void declare_retry(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<RetryOptions>();
  Options options =
      line.add("retry", "Retry dead or waiting deliveries now",
               [&common, &runtime, chosen] { return retry(common, *chosen, runtime); });
  add_config_option(options, common);
  options.arguments("ID", chosen->ids, "Ids of the deliveries");
  chosen->choice.declare(options,
                         "Only this state: dead, retrying, pending, done or skipped; default: dead "
                         "and retrying; with --to also pending");
  options.text("--to", chosen->to,
               "Move the deliveries of --handler, which was renamed or removed, to this handler");
  options.text("--reason", chosen->reason, "Reason, for the audit log");
  options.flag("--all", chosen->all, "All dead and retrying deliveries");
  options.flag("--dry-run", chosen->dry_run, "Print their number, and retry none");
}

void declare_skip(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  const auto chosen = std::make_shared<SkipOptions>();
  Options options =
      line.add("skip", "Drop deliveries, so that later deliveries of their coupons can be made",
               [&common, &runtime, chosen] { return skip(common, *chosen, runtime); });
  add_config_option(options, common);
  options.arguments("ID", chosen->ids, "Ids of the deliveries");
  chosen->choice.declare(options, "Only this state: pending, retrying or dead; default: all three");
  options.text("--reason", chosen->reason, "Reason, for the history of the deliveries");
  options.flag("--dry-run", chosen->dry_run, "Print their number, and drop none");
}

}  // namespace couponhook::server
