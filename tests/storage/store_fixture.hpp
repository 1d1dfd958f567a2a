#pragma once

/// \file
/// Test fixture: a fresh store for each test, in SQLite or in PostgreSQL.

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/admit_batch.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"
#include "storage/store.hpp"
#include "support/postgres_server.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::storage {

/// Called by Boost when a test takes value() of a failed result. Ends the test with the message of
/// the failure.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure,
                                                    const boost::source_location&) {
  throw std::runtime_error(failure.message);
}

constexpr std::int64_t kNow = 1'700'000'000'000;

using support::TemporaryFolder;

/// Returns `prefix` followed by `number`, to make ids. Does not use operator+, for which GCC 12
/// gives a false warning (-Wrestrict).
inline std::string numbered(std::string_view prefix, std::int64_t number) {
  std::string text(prefix);
  text += std::to_string(number);
  return text;
}

/// Returns a digest that repeats one letter: the tests need digests that differ, not digests of
/// real content.
inline Digest digest_of(char letter) {
  Digest digest;
  digest.fill(static_cast<unsigned char>(letter));
  return digest;
}

inline Admission admission(std::string id, char content = 'a') {
  Admission a;
  a.mchid = "1900000001";
  a.id = std::move(id);
  a.event_type = "COUPON.USE";
  a.create_time = "2024-01-01T00:00:00+08:00";
  a.source = "notification";
  a.envelope = R"({"summary":"used"})";
  a.resource = std::string("{\"content\":\"") + content + "\"}";
  a.digest = digest_of(content);
  a.received_at_ms = kNow;
  return a;
}

inline Admission redemption(std::string id, std::string coupon, const std::string& transaction) {
  Admission a = admission(std::move(id));
  a.fact = LedgerFact{.kind = "redeem",
                      .stock_id = "9856000",
                      .coupon = std::move(coupon),
                      .transaction_id = transaction,
                      .business_key = transaction,
                      .occurred_at = "2024-01-01T00:00:00+08:00"};
  return a;
}

inline Admission refund(std::string id, const std::string& refund_id,
                        const std::string& transaction) {
  Admission a = admission(std::move(id));
  a.event_type = "REFUND.SUCCESS";
  a.fact = LedgerFact{.kind = "refund",
                      .stock_id = "",
                      .coupon = "",
                      .transaction_id = transaction,
                      .business_key = refund_id,
                      .occurred_at = "2024-01-02T00:00:00+08:00"};
  return a;
}

inline Quarantined quarantined(char body, std::string id = "") {
  Quarantined q;
  q.mchid = "1900000001";
  q.reason = "DECRYPT_FAILED";
  q.detail = "no key opens it";
  q.id = std::move(id);
  q.event_type = q.id.empty() ? "" : "COUPON.USE";
  q.headers = "{}";
  q.body = std::string(3, body) + std::string("\0\xff", 2);
  q.body_digest = digest_of(body);
  q.received_at_ms = kNow;
  return q;
}

/// Collects, by name, the outcomes of notifications that are being stored, and waits for the
/// outcomes.
class Outcomes {
 public:
  [[nodiscard]] std::shared_ptr<AdmitListener> listener(std::string name) {
    return std::make_shared<Listener>(*this, std::move(name));
  }
  /// Waits until `count` listeners have an outcome, for at most 30 s.
  /// \return the outcomes by name; fewer outcomes if the time is over.
  [[nodiscard]] std::map<std::string, AdmitOutcome> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return outcomes_.size() >= count; });
    return outcomes_;
  }

 private:
  class Listener final : public AdmitListener {
   public:
    Listener(Outcomes& outcomes, std::string name) : outcomes_(outcomes), name_(std::move(name)) {}
    void admitted(AdmitResult&& result) noexcept override {
      {
        const std::lock_guard lock(outcomes_.mutex_);
        outcomes_.outcomes_.emplace(name_, result.outcome);
      }
      outcomes_.changed_.notify_all();
    }

   private:
    Outcomes& outcomes_;
    std::string name_;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, AdmitOutcome> outcomes_;
};

/// Creates the place for a new, empty store: a file in `folder`, or a new PostgreSQL database.
/// \return the URL of the store.
inline StoreUrl fresh_url(std::string_view engine, const TemporaryFolder& folder) {
  if (engine == "sqlite") return {.engine = "sqlite", .path = folder.path() / "s.db"};
  return {.engine = std::string(engine),
          .address = support::PostgresServer::shared().new_database()};
}

/// Base class of tests that run on SQLite and on PostgreSQL; each test gets a fresh store.
class StoreTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    auto opened = Store::open(url(), {}, kNow);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  [[nodiscard]] const StoreUrl& url() const { return url_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] std::unique_ptr<Connection> writer() { return store_->writer().value(); }
  [[nodiscard]] Reader reader() { return Reader(store_->reader().value()); }

  /// Writes a batch of requests in one transaction and returns their outcomes.
  std::vector<AdmitOutcome> write(std::vector<Work> batch) {
    auto connection = writer();
    BatchWriter batch_writer(*connection);
    const auto written = batch_writer.write(batch, kNow);
    EXPECT_TRUE(written) << written.error().message;
    std::vector<AdmitOutcome> outcomes;
    for (const Work& work : batch) outcomes.push_back(work.outcome);
    return outcomes;
  }
  template <typename... Contents>
  std::vector<AdmitOutcome> write_together(Contents... contents) {
    std::vector<Work> batch;
    (batch.push_back(Work{.content = std::move(contents), .listener = nullptr}), ...);
    return write(std::move(batch));
  }

  [[nodiscard]] StoreCounts counts() { return reader().counts().value(); }
  [[nodiscard]] NotificationRecord kept(std::string_view id) {
    return reader().notification(id).value().value();
  }

 private:
  TemporaryFolder folder_;
  StoreUrl url_ = fresh_url(GetParam(), folder_);
  std::unique_ptr<Store> store_;
};

#define COUPONHOOK_ON_EVERY_ENGINE(suite)                                             \
  INSTANTIATE_TEST_SUITE_P(Engines, suite, ::testing::Values("sqlite", "postgresql"), \
                           [](const auto& engine) { return std::string(engine.param); })

}  // namespace couponhook::storage
