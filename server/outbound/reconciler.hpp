#pragma once

/// \file
/// Reconciliation of a running service: compares the store with WeChat Pay's own records, and
/// stores the missing notifications.

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

/// Parts of the service that the reconciler uses. All referenced objects must outlive the
/// reconciler.
struct ReconcilerSources {
  const ReceiveRules& rules;
  storage::Inbox& inbox;
  ReconcileCounters& counters;
  base::WallClock clock;
  crypto::RandomSource random;
  std::shared_ptr<CallPace> pace;
  const FetchedCertificates& fetched;
  Log& log;
};

/// Store connections that only the reconciler uses, so that the reconciler blocks no other part of
/// the service.
struct ReconcilerConnections {
  std::unique_ptr<storage::Connection> ledger;
  std::unique_ptr<storage::Connection> notifications;
  std::unique_ptr<storage::Connection> lease;
};

/// Runs the comparisons that [merchant.reconcile] configures, on a thread of its own. It compares
/// the ledger with the flow files (settlement files) of stocks (coupon batches). A flow file exists
/// only after the stock's end. Before that, the reconciler queries the coupons of users who
/// recently received one. A missing event is stored like a decrypted notification, with the mark
/// source=reconcile. A lease ensures that only one replica compares at a time.
class Reconciler {
 public:
  Reconciler(const Config& config, ReconcilerConnections connections, ReconcilerSources sources);
  /// Stops the reconciler's thread like ask_to_stop(), and waits for it to end.
  ~Reconciler() = default;
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  [[nodiscard]] static bool has_work(const Config& config);

  void start();
  /// Replaces the configuration after the current comparison. A comparison that is in both
  /// configurations stays planned for the same time, or for an earlier time if its new interval is
  /// shorter.
  void reconfigure(Config config);
  /// Ends the reconciler's work permanently, and interrupts a running API call.
  void ask_to_stop() { thread_.request_stop(); }

 private:
  /// A periodic comparison with WeChat Pay's records: with one flow file, or with the coupons of a
  /// merchant's recent users.
  struct Comparison {
    MerchantConfig merchant;
    /// The flow file (WeChat Pay's settlement file) to compare with. Without a flow file, the
    /// comparison is with the coupons of the merchant's recent users.
    std::optional<FlowName> flow;
    std::chrono::seconds interval;
    std::chrono::steady_clock::time_point due{};
    UserTurns turns{};

    [[nodiscard]] std::string name() const;
  };
  /// WeChat Pay's records for one comparison, as an API or a flow file returned them.
  struct FetchedRecords {
    PlatformRecords records;
    std::size_t skipped_users = 0;
    /// Further facts about the comparison, for the log line.
    std::string remarks{};
    bool is_well = true;
  };
  using FetchResult = boost::system::result<std::optional<FetchedRecords>, std::string>;

  static std::list<Comparison> comparisons_of(const Config& config);
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void compare_if_leader(Comparison& comparison, const std::stop_token& stop);
  void run(Comparison& comparison, const std::stop_token& stop);
  void compare_with(const Comparison& comparison, const FetchedRecords& fetched);
  /// Reads WeChat Pay's records for one comparison.
  /// \return the records; an empty result if the flow file does not exist yet; an error if reading
  ///   failed.
  FetchResult fetch(Comparison& comparison, ApiClient& client);
  FetchResult fetch_users(Comparison& comparison, ApiClient& client);
  std::size_t admit(const std::string& mchid,
                    std::span<const wechatpay::PlatformRecord* const> missing);
  void fail(const Comparison& comparison, const std::string& why);

  /// Configuration that the reconciler works with now. Only the reconciler's thread uses it.
  Config config_;
  storage::LedgerReader ledger_;
  storage::Reader notifications_;
  const std::unique_ptr<storage::Connection> lease_connection_;
  storage::TaskLease lease_;
  ReconcilerSources sources_;
  std::list<Comparison> comparisons_;

  std::mutex mutex_;
  /// New configuration that the reconciler's thread has not adopted yet. Guarded by the mutex.
  std::optional<Config> next_;

  std::jthread thread_;  ///< declared last, because the thread uses all other members
};

}  // namespace couponhook::server
