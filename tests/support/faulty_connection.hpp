#pragma once

/// \file
/// A database connection for tests, whose calls fail when a test wants them to fail.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::support {

/// The faults that a FaultyConnection (a database connection for tests) makes. A test passes the
/// connection to the tested code, keeps this object, and switches the faults on and off with it.
/// Thread-safe.
class Faults {
 public:
  static constexpr int kAlways = 1 << 30;

  /// Makes the next `times` commits of the database connection fail and roll back.
  void fail_commits(storage::FailureCode code, int times = kAlways) {
    const std::lock_guard lock(mutex_);
    commit_code_ = code;
    commit_failures_ = times;
  }
  /// Makes the next `times` commits succeed in the database but report a failure, as if the
  /// connection was lost before the database's answer arrived.
  void lose_commits(int times) {
    const std::lock_guard lock(mutex_);
    lost_commits_ = times;
  }
  /// Makes the next `times` SQL statements fail that have `text` as one of their parameters.
  void fail_parameter(std::string text, storage::FailureCode code, int times = kAlways) {
    const std::lock_guard lock(mutex_);
    poison_ = std::move(text);
    poison_code_ = code;
    poison_failures_ = times;
  }
  /// Makes the next `times` SQL statements throw std::bad_alloc.
  void throw_from_runs(int times) {
    const std::lock_guard lock(mutex_);
    throws_ = times;
  }
  /// Makes database transactions wait in begin() until the test calls release().
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  void wait_until_one_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  /// Waits up to 10 s until exactly `count` transactions wait in begin().
  /// \return true if exactly `count` transactions wait; false after 10 s.
  [[nodiscard]] bool wait_until_waiting(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ == count; });
  }

  [[nodiscard]] int begun() const { return read(begun_); }
  [[nodiscard]] int committed() const { return read(committed_); }
  [[nodiscard]] int rolled_back() const { return read(rolled_back_); }

 private:
  friend class FaultyConnection;

  [[nodiscard]] int read(const int& count) const {
    const std::lock_guard lock(mutex_);
    return count;
  }
  static bool take(int& times) { return times > 0 && times-- > 0; }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  storage::FailureCode commit_code_ = storage::FailureCode::kIo;
  int commit_failures_ = 0;
  int lost_commits_ = 0;
  std::string poison_;
  storage::FailureCode poison_code_ = storage::FailureCode::kStatement;
  int poison_failures_ = 0;
  int throws_ = 0;
  bool held_ = false;
  int waiting_ = 0;
  int begun_ = 0;
  int committed_ = 0;
  int rolled_back_ = 0;
};

/// A database connection for tests that passes every call on to a real database connection, except
/// the calls that must fail because of `faults`.
class FaultyConnection final : public storage::Connection {
 public:
  FaultyConnection(std::unique_ptr<storage::Connection> inner, std::shared_ptr<Faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  Result<void> begin() override {
    {
      std::unique_lock lock(faults_->mutex_);
      ++faults_->begun_;
      ++faults_->waiting_;
      faults_->changed_.notify_all();
      faults_->changed_.wait(lock, [this] { return !faults_->held_; });
      --faults_->waiting_;
    }
    return inner_->begin();
  }

  Result<void> commit() override {
    std::unique_lock lock(faults_->mutex_);
    if (Faults::take(faults_->commit_failures_)) {
      inner_->rollback();
      return storage::Failure{faults_->commit_code_, "a commit was made to fail"};
    }
    const bool lost = Faults::take(faults_->lost_commits_);
    lock.unlock();
    auto committed = inner_->commit();
    if (lost) return storage::Failure{storage::FailureCode::kUnavailable, "the answer was lost"};
    lock.lock();
    if (committed) ++faults_->committed_;
    return committed;
  }

  void rollback() noexcept override {
    {
      const std::lock_guard lock(faults_->mutex_);
      ++faults_->rolled_back_;
    }
    inner_->rollback();
  }

  Result<void> run(std::span<const storage::Command> commands,
                   std::vector<storage::Rows>& results) override {
    for (const storage::Command& command : commands) {
      if (auto failure = fault_of(command)) return *failure;
    }
    return inner_->run(commands, results);
  }

  std::int64_t counter_slot() const override { return inner_->counter_slot(); }
  Result<void> run_script(std::string_view script) override { return inner_->run_script(script); }
  Result<void> commit_without_waiting() override { return inner_->commit_without_waiting(); }
  void commit_once_without_waiting() override { inner_->commit_once_without_waiting(); }
  Result<std::int64_t> size_bytes() override { return inner_->size_bytes(); }
  Result<void> check_integrity() override { return inner_->check_integrity(); }
  std::string_view engine() const override { return inner_->engine(); }

 private:
  std::optional<storage::Failure> fault_of(const storage::Command& command) {
    const std::lock_guard lock(faults_->mutex_);
    if (Faults::take(faults_->throws_)) throw std::bad_alloc();
    const auto parameters = command.parameters();
    const bool poisoned = std::any_of(parameters.begin(), parameters.end(), [this](const auto& p) {
      const auto* text = std::get_if<std::string_view>(&p);
      return text != nullptr && *text == faults_->poison_;
    });
    if (!poisoned || !Faults::take(faults_->poison_failures_)) return std::nullopt;
    return storage::Failure{faults_->poison_code_, "a statement was made to fail"};
  }

  std::unique_ptr<storage::Connection> inner_;
  std::shared_ptr<Faults> faults_;
};

}  // namespace couponhook::support
