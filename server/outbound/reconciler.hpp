#pragma once

/// \file
/// Compares the running service's store with WeChat Pay's books, and admits what never arrived.

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "crypto/random.hpp"
#include "base/clock.hpp"
#include "server/config/config.hpp"
#include "server/log/log.hpp"
#include "server/outbound/call_pace.hpp"
#include "server/outbound/fetched_certificates.hpp"
#include "server/outbound/ledger_facts.hpp"
#include "server/outbound/recent_users.hpp"
#include "server/receive/receive.hpp"
#include "server/outbound/reconcile_counters.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"
#include "storage/task_lease.hpp"

namespace couponhook::server {

/// What it works with; all references must outlive it.
struct ReconcilerSources {
  const ReceiveRules& rules;
  storage::Inbox& inbox;
  ReconcileTally& tally;
  base::WallClock clock;
  crypto::RandomSource random;
  std::shared_ptr<CallPace> pace;
  const FetchedCertificates& fetched;
  Log& log;
};

/// Connections of its own, so that it is in nobody's way.
struct ReconcilerConnections {
  std::unique_ptr<storage::Connection> ledger;
  std::unique_ptr<storage::Connection> notifications;
  std::unique_ptr<storage::Connection> lease;
};

/// On a thread of its own, as [merchant.reconcile] says: the flows of stocks, which exist only
/// after a stock's end, and until then the coupons of the users who were sent one of late. What is
/// missing goes the way of a decrypted notification, marked source=reconcile. Of several replicas
/// one looks at a time.
class Reconciler {
 public:
  Reconciler(const Config& config, ReconcilerConnections connections, ReconcilerSources sources);
  /// As ask_to_stop(), and waits for the end.
  ~Reconciler() = default;
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  [[nodiscard]] static bool has_work(const Config& config);

  void start();
  /// Goes by another configuration, once the look that is under way is over. What both of them name
  /// is looked at when it was due.
  void reconfigure(Config config);
  /// From now on it does nothing more; a call that is under way is cut short.
  void ask_to_stop() { thread_.request_stop(); }

 private:
  /// Something that is looked at again and again.
  struct Errand {
    MerchantConfig merchant;
    std::optional<FlowName> flow;  ///< nothing: the users of late
    std::chrono::seconds interval;
    std::chrono::steady_clock::time_point due{};
    UserTurns turns{};

    [[nodiscard]] std::string name() const;
  };
  /// What a look at WeChat Pay's books has brought.
  struct Look {
    Books books;
    std::size_t skipped_users = 0;
    std::string remarks{};  ///< what people should know besides
    bool is_well = true;
  };
  using LookResult = boost::system::result<std::optional<Look>, std::string>;

  static std::list<Errand> errands_of(const Config& config);
  void work(const std::stop_token& stop);
  void adopt_next_config();
  void take_turn(Errand& errand, const std::stop_token& stop);
  void run(Errand& errand, const std::stop_token& stop);
  void compare_with(const Errand& errand, const Look& look);
  /// \return nothing inside where there are no books yet.
  LookResult fetch(Errand& errand, ApiClient& client);
  LookResult fetch_users(Errand& errand, ApiClient& client);
  std::size_t admit(const std::string& mchid, std::span<const wechatpay::BookEntry* const> missing);
  void fail(const Errand& errand, const std::string& why);

  Config config_;  ///< the thread's own
  storage::LedgerReader ledger_;
  storage::Reader notifications_;
  const std::unique_ptr<storage::Connection> lease_connection_;
  storage::TaskLease lease_;
  ReconcilerSources sources_;
  std::list<Errand> errands_;

  std::mutex mutex_;
  std::optional<Config> next_;  ///< protected by the mutex

  std::jthread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
