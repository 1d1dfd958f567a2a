#include <csignal>
#include <ostream>
#include <thread>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "server/commands/delivery_options.hpp"
#include "server/commands/status_client.hpp"
#include "server/net/target.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

struct RetryOptions {
  std::vector<std::string> ids;
  DeliveryChoice choice;
  bool all = false;
  bool dry_run = false;
};

volatile std::sig_atomic_t interrupted = 0;

/// Takes Ctrl-C for as long as it lives.
class Interruptible {
 public:
  Interruptible() : before_(std::signal(SIGINT, [](int) { interrupted = 1; })) {}
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() { std::signal(SIGINT, before_); }

 private:
  void (*before_)(int);
};

std::string filter_body(const RetryOptions& chosen) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto member = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    writer.Key(name);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  writer.StartObject();
  member("handler", chosen.choice.handler);
  member("state", chosen.choice.state);
  member("type", chosen.choice.type);
  member("mchid", chosen.choice.mchid);
  member("since", chosen.choice.since);
  member("until", chosen.choice.until);
  member("error", chosen.choice.error);
  writer.Key("dry_run");
  writer.Bool(chosen.dry_run);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

bool is_over(const Value& job) {
  const std::string state = text_of(job, "state");
  return state == "done" || state == "cancelled" || state == "failed";
}

std::uint64_t count(const Value& job, const char* key) {
  return job.HasMember(key) && job[key].IsUint64() ? job[key].GetUint64() : 0;
}

Exit tell(const Value& job, World& world) {
  const std::string state = text_of(job, "state");
  if (state == "failed") {
    world.err << "couponhook: the retry failed after " << count(job, "retried")
              << " were put back: " << text_of(job, "error") << '\n';
    return Exit::kFailed;
  }
  if (state == "cancelled") {
    world.out << "cancelled: " << count(job, "retried") << " were put back before\n";
    return Exit::kFailed;
  }
  if (job["dry_run"].GetBool()) {
    world.out << count(job, "matched") << " would be put back\n";
    return Exit::kOk;
  }
  world.out << count(job, "retried") << " put back of " << count(job, "matched") << '\n';
  return Exit::kOk;
}

/// The service does the work; this watches, and cancels it on Ctrl-C.
Exit retry_filtered(const CommonOptions& common, const RetryOptions& chosen, World& world) {
  StatusClient client(common, world);
  auto job = client.ask("POST", "/deliveries/retry", filter_body(chosen));
  if (!job) return client.exit();
  const std::string target = "/deliveries/retry/" + text_of(*job, "id");
  const Interruptible interruptible;
  Progress progress(progress_on(world), "put back", 0);
  while (!is_over(*job)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const bool cancel = interrupted != 0;
    interrupted = 0;
    job = client.ask(cancel ? "DELETE" : "GET", target);
    if (!job) break;
    progress.set(count(*job, "looked_at"), count(*job, "matched"));
    progress.show_when_due(std::chrono::steady_clock::now());
  }
  progress.clear();
  return job ? tell(*job, world) : client.exit();
}

Exit retry_ids(const CommonOptions& common, const RetryOptions& chosen, World& world) {
  Exit worst = Exit::kOk;
  StatusClient client(common, world);
  for (const std::string& id : chosen.ids) {
    const auto answer = client.ask("POST", "/deliveries/" + percent_encode(id) + "/retry");
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
  if (chosen.ids.empty() == filtered) {
    if (filtered) return retry_filtered(common, chosen, world);
    if (!chosen.dry_run) return retry_ids(common, chosen, world);
  }
  world.err
      << "couponhook: retry: name deliveries by ID, or by at least one of --handler --type "
         "--state --mchid --since --until --error (--all: every one that is dead or waits for "
         "its next attempt), of which --dry-run tells the number first\n";
  return Exit::kUsage;
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
                         "retrying (pending ones have not failed, and are made in their turn)");
  options.flag("--all", chosen->all, "All that are dead or wait for their next attempt");
  options.flag("--dry-run", chosen->dry_run, "Say how many, and put none back");
}

}  // namespace couponhook::server
