/// \file
/// A couponhook program for crash tests: it kills its own process at a chosen point of a chosen
/// database transaction. The environment variable
/// COUPONHOOK_CRASH_POINT=before_insert|before_commit|after_commit gives the point, and
/// COUPONHOOK_CRASH_TRANSACTION=N gives the transaction. N counts only the transactions that insert
/// notifications.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

#include "server/program.hpp"
#include "storage/sql.hpp"

namespace couponhook::support {
namespace {

class CrashingConnection final : public storage::Connection {
 public:
  CrashingConnection(std::unique_ptr<storage::Connection> inner, std::string point, int transaction)
      : inner_(std::move(inner)), point_(std::move(point)), transaction_(transaction) {}

  Result<void> begin() override {
    keeps_notifications_ = false;
    return inner_->begin();
  }
  Result<void> commit() override {
    die_at("before_commit");
    auto result = inner_->commit();
    die_at("after_commit");
    return result;
  }
  void rollback() noexcept override { inner_->rollback(); }
  Result<void> run(std::span<const storage::Command> commands,
                   std::vector<storage::Rows>& results) override {
    const auto inserts = [](const storage::Command& command) {
      return &command.statement() == &storage::sql::kInsertNotification;
    };
    if (!keeps_notifications_ && std::any_of(commands.begin(), commands.end(), inserts)) {
      keeps_notifications_ = true;
      --transaction_;
      die_at("before_insert");
    }
    return inner_->run(commands, results);
  }
  Result<void> run_script(std::string_view script) override { return inner_->run_script(script); }
  Result<void> commit_without_waiting() override { return inner_->commit_without_waiting(); }
  Result<std::int64_t> size_bytes() override { return inner_->size_bytes(); }
  Result<void> check_integrity() override { return inner_->check_integrity(); }
  [[nodiscard]] std::string_view engine() const override { return inner_->engine(); }

 private:
  void die_at(std::string_view point) const {
    if (keeps_notifications_ && transaction_ == 0 && point == point_) std::raise(SIGKILL);
  }

  std::unique_ptr<storage::Connection> inner_;
  std::string point_;
  int transaction_;
  bool keeps_notifications_ = false;
};

class CrashingStore final : public storage::Store {
 public:
  explicit CrashingStore(std::unique_ptr<storage::Store> inner) : inner_(std::move(inner)) {}

  Result<std::unique_ptr<storage::Connection>> writer(storage::WriterRole role) override {
    auto connection = inner_->writer(role);
    const char* point = std::getenv("COUPONHOOK_CRASH_POINT");
    const char* transaction = std::getenv("COUPONHOOK_CRASH_TRANSACTION");
    if (!connection || point == nullptr || transaction == nullptr) return connection;
    std::unique_ptr<storage::Connection> crashing =
        std::make_unique<CrashingConnection>(std::move(*connection), point, std::atoi(transaction));
    return crashing;
  }
  Result<std::unique_ptr<storage::Connection>> reader() override { return inner_->reader(); }

 protected:
  /// Allows only one connection to write, so that the transactions run one after the other and can
  /// be counted.
  [[nodiscard]] std::size_t writers_max() const override { return 1; }

 private:
  std::unique_ptr<storage::Store> inner_;
};

storage::Store::Result<std::unique_ptr<storage::Store>> open_crashing(
    const storage::StoreUrl& url, const storage::StoreOptions& options, std::int64_t now_ms) {
  auto store = storage::Store::open(url, options, now_ms);
  if (!store) return store.error();
  std::unique_ptr<storage::Store> crashing = std::make_unique<CrashingStore>(std::move(*store));
  return crashing;
}

}  // namespace
}  // namespace couponhook::support

int main(int argc, char** argv) {
  return couponhook::server::run_program(argc, argv, couponhook::support::open_crashing);
}
