#include "server/commands/order.hpp"

#include <chrono>
#include <csignal>
#include <ostream>
#include <thread>

#include "base/json_writer.hpp"
#include "server/commands/status_client.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

volatile std::sig_atomic_t interrupted = 0;

/// Catches Ctrl-C (SIGINT) during its lifetime, so that the command can cancel its background job
/// in the service.
class Interruptible {
 public:
  Interruptible() : before_(std::signal(SIGINT, [](int) { interrupted = 1; })) {}
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() { std::signal(SIGINT, before_); }

 private:
  void (*before_)(int);
};

std::string order_body(const FilteredOrder& wanted, const DeliveryChoice& choice) {
  base::JsonWriter json;
  return json.begin()
      .optional_text("handler", choice.handler)
      .optional_text("state", choice.state)
      .optional_text("type", choice.type)
      .optional_text("mchid", choice.mchid)
      .optional_text("since", choice.since)
      .optional_text("until", choice.until)
      .optional_text("error", choice.error)
      .optional_text("to", wanted.to)
      .optional_text("reason", wanted.reason)
      .boolean("dry_run", wanted.dry_run)
      .end()
      .take();
}

bool is_over(const Value& job) {
  const std::string state = text_of(job, "state");
  return state == "done" || state == "cancelled" || state == "failed";
}

std::uint64_t count_of(const Value& job, const char* key) {
  return job.HasMember(key) && job[key].IsUint64() ? job[key].GetUint64() : 0;
}

/// Names for the result of an order (retry, move or skip): the name of the counter in the service's
/// reply, and the words that are printed for the user.
struct OrderDone {
  const char* key;
  std::string words;
};

OrderDone done_by(const FilteredOrder& wanted) {
  if (!wanted.to.empty()) return {"moved", "moved to " + wanted.to};
  if (wanted.target == "/deliveries/skip") return {"skipped", "dropped"};
  return {"retried", "retried"};
}

void print_left_out(const Value& job, const OrderDone& done, Runtime& runtime) {
  if (const auto there = count_of(job, "already_there"); there > 0) {
    runtime.out << there << " more were dropped: " << text_of(job, "to")
                << " has a delivery of the same notification\n";
  }
  if (const auto unclaimed = count_of(job, "unclaimed"); unclaimed > 0) {
    runtime.err
        << "couponhook: " << unclaimed << " more were not " << done.words
        << ": their handlers are not configured; `retry --handler OLD --to NEW` moves them\n";
  }
}

Exit print_result(const Value& job, const OrderDone& done, Runtime& runtime) {
  const std::string state = text_of(job, "state");
  if (state == "failed") {
    runtime.err << "couponhook: the operation failed after " << count_of(job, done.key) << " were "
                << done.words << ": " << text_of(job, "error") << '\n';
    return Exit::kFailed;
  }
  if (state == "cancelled") {
    runtime.out << "cancelled: " << count_of(job, done.key) << " were " << done.words
                << " before\n";
    return Exit::kFailed;
  }
  if (job["dry_run"].GetBool()) {
    runtime.out << count_of(job, "matched") << " would be " << done.words << '\n';
  } else {
    runtime.out << count_of(job, done.key) << ' ' << done.words << " of "
                << count_of(job, "matched") << '\n';
  }
  print_left_out(job, done, runtime);
  return Exit::kOk;
}

}  // namespace

std::string members(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  base::JsonWriter json;
  json.begin();
  for (const auto& [name, text] : texts) json.optional_text(name, text);
  return json.end().take();
}

Exit order(const CommonOptions& common, const std::string& method, const std::string& target,
           const std::string& body, const std::string& what, Runtime& runtime) {
  StatusClient client(common, runtime);
  const auto answer = client.ask(method, target, body);
  if (!answer) return client.exit();
  runtime.out << what << ": " << text_of(*answer, "result") << '\n';
  if (answer->HasMember("warning")) {
    runtime.err << "couponhook: " << what << ": " << text_of(*answer, "warning") << '\n';
  }
  return Exit::kOk;
}

Exit order_filtered(const CommonOptions& common, const FilteredOrder& wanted,
                    const DeliveryChoice& choice, Runtime& runtime) {
  StatusClient client(common, runtime);
  auto job = client.ask("POST", wanted.target, order_body(wanted, choice));
  if (!job) return client.exit();
  const std::string target = "/deliveries/retry/" + text_of(*job, "id");
  const Interruptible interruptible;
  // The progress line shows how many deliveries were examined. Only the final line says how many
  // deliveries matched the filter.
  base::Progress progress(progress_on(runtime), "examined", 0);
  while (!is_over(*job)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const bool cancel = interrupted != 0;
    interrupted = 0;
    job = client.ask(cancel ? "DELETE" : "GET", target);
    if (!job) break;
    progress.set(count_of(*job, "looked_at"), count_of(*job, "matched"));
    progress.show_when_due(std::chrono::steady_clock::now());
  }
  progress.clear();
  return job ? print_result(*job, done_by(wanted), runtime) : client.exit();
}

}  // namespace couponhook::server
