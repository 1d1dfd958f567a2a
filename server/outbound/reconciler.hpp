#pragma once

/// \file
/// Reconciliation of a running service: compares the store with WeChat Pay's own records, and
/// admits missing notifications.

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/outbound/call_pace.hpp"
#include "server/outbound/fetched_certificates.hpp"
#include "server/outbound/ledger_facts.hpp"
#include "server/outbound/recent_users.hpp"
#include "server/outbound/reconcile_counters.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"
#include "storage/task_lease.hpp"

namespace couponhook::server {

/// Parts of the service that the reconciler uses. All references must outlive the reconciler.
struct ReconcilerSources {
  const ReceiveRules& rules;
  storage::Inbox& inbox;
  ReconcileCounters& tally;
  base::WallClock clock;
  crypto::RandomSource random;
  std::shared_ptr<CallPace> pace;
  const FetchedCertificates& fetched;
  Log& log;
};

/// Database connections of the reconciler's own, so that it blocks no other part of the service.
struct ReconcilerConnections {
  std::unique_ptr<storage::Connection> ledger;
  std::unique_ptr<storage::Connection> notifications;
  std::unique_ptr<storage::Connection> lease;
};

/// Runs the comparisons of [merchant.reconcile] on a thread of its own. It compares the flow files
/// of stocks, which exist only after a stock's end. Before that, it compares the coupons of users
/// who recently received one. A missing event is admitted like a decrypted notification, marked
/// source=reconcile. A lease ensures that only one replica compares at a time.
class Reconciler {
 public:
  Reconciler(const Config& config, ReconcilerConnections connections, ReconcilerSources sources);
  /// Does what ask_to_stop() does, and waits for the thread to end.
  ~Reconciler() = default;
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  [[nodiscard]] static bool has_work(const Config& config);

  void start();
  /// Replaces the configuration after the current comparison. Flows and merchants that are in both
  /// configurations keep their due time, or get an earlier one if the new interval is shorter.
  void reconfigure(Config config);
  /// Stops the reconciler's work for good and interrupts a running call.
  void ask_to_stop() { thread_.request_stop(); }

 private:
  /// A periodic comparison: of one flow file, or of a merchant's recent users.
  struct Errand {
    MerchantConfig merchant;
    std::optional<FlowName> flow;  ///< nothing: the merchant's recent users
    std::chrono::seconds interval;
    std::chrono::steady_clock::time_point due{};
    UserTurns turns{};

    [[nodiscard]] std::string name() const;
  };
  /// WeChat Pay's records, as fetched for one comparison.
  struct Look {
    PlatformRecords books;
    std::size_t skipped_users = 0;
    std::string remarks{};  ///< further facts for the log line
    bool is_well = true;
  };
  using LookResult = boost::system::result<std::optional<Look>, std::string>;

  static std::list<Errand> errands_of(const Config& config);
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void take_turn(Errand& errand, const std::stop_token& stop);
  void run(Errand& errand, const std::stop_token& stop);
  void compare_with(const Errand& errand, const Look& look);
  /// \return no records inside the result if the flow file does not exist yet.
  LookResult fetch(Errand& errand, ApiClient& client);
  LookResult fetch_users(Errand& errand, ApiClient& client);
  std::size_t admit(const std::string& mchid,
                    std::span<const wechatpay::PlatformRecord* const> missing);
  void fail(const Errand& errand, const std::string& why);

  Config config_;  ///< used by the reconciler's thread only
  storage::LedgerReader ledger_;
  storage::Reader notifications_;
  const std::unique_ptr<storage::Connection> lease_connection_;
  storage::TaskLease lease_;
  ReconcilerSources sources_;
  std::list<Errand> errands_;

  std::mutex mutex_;
  std::optional<Config> next_;  ///< guarded by the mutex

  std::jthread thread_;  ///< last, because the thread uses all members above
};

}  // namespace couponhook::server
