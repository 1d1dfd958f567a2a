#pragma once

/// \file
/// Runs database transactions: rolls back on every error, and runs a transaction again after a
/// deadlock or serialization failure.

#include <array>
#include <chrono>
#include <thread>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Guard that rolls back the open transaction of a connection when it goes out of scope, unless
/// release() was called after a commit.
class Rollback {
 public:
  explicit Rollback(Connection& connection) : connection_(&connection) {}
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback() {
    if (connection_ != nullptr) connection_->rollback();
  }
  void release() { connection_ = nullptr; }

 private:
  Connection* connection_;
};

/// Runs `work` in a database transaction and commits. If the database reports a conflict (deadlock
/// or serialization failure), the whole transaction is run again, at most three times. So `work`
/// must not rely on results of an earlier run.
template <typename Work>
[[nodiscard]] Connection::Result<void> in_transaction(Connection& connection, Work&& work) {
  using std::chrono::milliseconds;
  constexpr std::array kPauses{milliseconds{1}, milliseconds{3}, milliseconds{10}};
  const auto once = [&]() -> Connection::Result<void> {
    if (auto begun = connection.begin(); !begun) return begun;
    Rollback rollback(connection);
    if (auto worked = work(); !worked) return worked;
    if (auto committed = connection.commit(); !committed) return committed;
    rollback.release();
    return {};
  };
  auto done = once();
  for (const milliseconds pause : kPauses) {
    if (done || done.error().code != FailureCode::kConflict) break;
    std::this_thread::sleep_for(pause);
    done = once();
  }
  return done;
}

}  // namespace couponhook::storage
