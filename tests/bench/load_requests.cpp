#include "load_requests.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <thread>
#include <utility>

#include "sandbox/local/event_templates.hpp"

namespace couponhook::bench {
namespace {

// Size, in bytes, of the part of a notification that is encrypted, before its encryption. AES-GCM
// adds a tag of 16 bytes, so the encrypted part has 900 bytes.
constexpr std::size_t kResourceBytes = 900 - 16;
constexpr std::size_t kBodyBytes = 1500;
constexpr std::size_t kRefusedRequests = 500;

/// Returns the padding that makes a text of `bytes` bytes as long as `wanted` bytes.
std::string padding(std::size_t bytes, std::size_t wanted) {
  return std::string(wanted > bytes ? wanted - bytes : 0, 'x');
}

/// Makes the draft of a notification (its content before encryption and signing). Errors need no
/// check: making a draft fails only if the caller sets a field to an invalid value, and this
/// function sets no field.
server::Draft make_draft(const server::EventTemplate& event) {
  return *event.make_draft();
}

/// Makes drafts of notifications of one event type. The encrypted part and the body have the sizes
/// that all published figures use.
class Drafts {
 public:
  Drafts(const server::MerchantConfig& merchant, const server::NotificationMaker& maker)
      : drafts_("COUPON.USE", merchant.mchid, {}, crypto::system_random(),
                &std::chrono::system_clock::now) {
    const std::size_t resource_bytes = make_draft(drafts_).resource.size();
    drafts_ = server::EventTemplate(
        "COUPON.USE", merchant.mchid,
        {{{"description"}, '"' + padding(resource_bytes, kResourceBytes) + '"', false}},
        crypto::system_random(), &std::chrono::system_clock::now);
    server::Draft draft = make_draft(drafts_);
    draft.summary = "";
    summary_ = padding(maker.make(draft).body.size(), kBodyBytes);
  }

  [[nodiscard]] server::Draft make() const {
    server::Draft draft = make_draft(drafts_);
    draft.summary = summary_;
    return draft;
  }

 private:
  server::EventTemplate drafts_;
  std::string summary_;
};

std::string to_wire(const server::SignedNotification& notification, const std::string& path) {
  std::string text = "POST " + path +
                     " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/4.0\r\n" +
                     "Accept: */*\r\nConnection: Keep-Alive\r\nPragma: no-cache\r\n";
  for (const auto& [name, value] : notification.headers) text += name + ": " + value + "\r\n";
  text += "Content-Length: " + std::to_string(notification.body.size()) + "\r\n\r\n";
  return text + notification.body;
}

/// Chooses a notification for each request: a new notification, or that of an earlier request (a
/// duplicate). Returns the indexes of the notifications, one for each request.
std::vector<std::size_t> choose_drafts(std::size_t requests, double duplicate_share) {
  std::mt19937 random(1);  // fixed seed: every run has the same duplicates
  std::vector<std::size_t> chosen;
  chosen.reserve(requests);
  double due = 0;
  std::size_t drafts = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    due += duplicate_share;
    if (due >= 1 && drafts > 0) {
      due -= 1;
      chosen.push_back(std::uniform_int_distribution<std::size_t>(0, drafts - 1)(random));
    } else {
      chosen.push_back(drafts++);
    }
  }
  return chosen;
}

/// Calls `function(i)` for every i from 0 to `count` - 1, on all CPU cores.
template <typename Function>
void on_all_cores(std::size_t count, const Function& function) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::exception_ptr> failures(cores);
  std::vector<std::thread> threads;
  for (std::size_t core = 0; core < cores; ++core) {
    threads.emplace_back([&, core] {
      try {
        for (std::size_t i = core; i < count; i += cores) function(i);
      } catch (...) {
        failures[core] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace

Requests make_requests(const RequestPlan& wanted, const server::MerchantConfig& merchant,
                       const server::NotificationMaker& maker) {
  const Drafts templates(merchant, maker);
  const bool is_refused = wanted.bad != server::Bad::kNone;
  const std::size_t different =
      is_refused ? std::min(wanted.requests, kRefusedRequests) : wanted.requests;
  const auto chosen = choose_drafts(different, wanted.duplicate_share);
  std::vector<server::Draft> drafts(1 + *std::ranges::max_element(chosen));
  for (server::Draft& draft : drafts) draft = templates.make();

  Requests requests;
  requests.count = wanted.requests;
  requests.wire.resize(different);
  on_all_cores(different, [&](std::size_t i) {
    requests.wire[i] = to_wire(maker.make(drafts[chosen[i]], wanted.bad), merchant.path);
  });
  return requests;
}

}  // namespace couponhook::bench
