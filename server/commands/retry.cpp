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
                const std::string& action, const std::string& body, World& world) {
  Exit worst = Exit::kOk;
  StatusClient client(common, world);
  for (const std::string& id : ids) {
    const auto answer =
        client.ask("POST", "/deliveries/" + base::percent_encode(id) + "/" + action, body);
    if (!answer) {
      worst = client.exit();
      if (worst == Exit::kUsage) return worst;
      continue;
    }
    world.out << "delivery " << id << ": " << text_of(*answer, "result") << '\n';
  }
  return worst;
}

Exit retry(const CommonOptions& common, const RetryOptions& chosen, World& world) {
  const bool filtered = chosen.all || !chosen.choice.empty();
  if (!chosen.to.empty() && filtered && chosen.choice.handler.empty()) {
    world.err << "couponhook: retry: --to needs --handler OLD, whose deliveries are moved\n";
    return Exit::kUsage;
  }
  if (chosen.ids.empty() == filtered) {
    if (filtered) {
      return order_filtered(
          common, {.target = "/deliveries/retry", .to = chosen.to, .dry_run = chosen.dry_run},
          chosen.choice, world);
    }
    if (!chosen.dry_run) {
      return order_each(common, chosen.ids, "retry", members({{"to", chosen.to}}), world);
    }
  }
  world.err
      << "couponhook: retry: name deliveries by ID, or by at least one of --handler --type "
         "--state --mchid --since --until --error (--all: every one that is dead or waits for "
         "its next attempt), of which --dry-run tells the number first\n";
  return Exit::kUsage;
}

Exit skip(const CommonOptions& common, const SkipOptions& chosen, World& world) {
  const bool filtered = !chosen.choice.empty();
  const bool counts = filtered && chosen.dry_run;
  if (chosen.ids.empty() != filtered || (chosen.reason.empty() && !counts) ||
      (chosen.dry_run && !filtered)) {
    world.err << "couponhook: skip: name deliveries by ID, or by at least one of --handler --type "
                 "--state --mchid --since --until --error, of which --dry-run tells the number "
                 "first; and say why with --reason\n";
    return Exit::kUsage;
  }
  if (!filtered) {
    return order_each(common, chosen.ids, "skip", members({{"reason", chosen.reason}}), world);
  }
  return order_filtered(
      common, {.target = "/deliveries/skip", .reason = chosen.reason, .dry_run = chosen.dry_run},
      chosen.choice, world);
}

}  // namespace

void declare_retry(CommandLine& line, CommonOptions& common, World& world) {
  const auto chosen = std::make_shared<RetryOptions>();
  Options options = line.add("retry", "Put dead or waiting deliveries back, to be made now",
                             [&common, &world, chosen] { return retry(common, *chosen, world); });
  add_config_option(options, common);
  options.arguments("ID", chosen->ids, "These deliveries");
  chosen->choice.declare(options,
                         "Only these: dead, retrying, pending, done or skipped; else dead and "
                         "retrying (pending ones have not failed, and are made in their turn); "
                         "with --to, pending ones too");
  options.text("--to", chosen->to,
               "Move them to this handler: what --handler left behind that was renamed or removed");
  options.flag("--all", chosen->all, "All that are dead or wait for their next attempt");
  options.flag("--dry-run", chosen->dry_run, "Say how many, and put none back");
}

void declare_skip(CommandLine& line, CommonOptions& common, World& world) {
  const auto chosen = std::make_shared<SkipOptions>();
  Options options = line.add("skip", "Drop deliveries, so that their coupons go on",
                             [&common, &world, chosen] { return skip(common, *chosen, world); });
  add_config_option(options, common);
  options.arguments("ID", chosen->ids, "These deliveries");
  chosen->choice.declare(options, "Only these: pending, retrying or dead; else all of them");
  options.text("--reason", chosen->reason, "Why, for their history");
  options.flag("--dry-run", chosen->dry_run, "Say how many, and drop none");
}

}  // namespace couponhook::server
