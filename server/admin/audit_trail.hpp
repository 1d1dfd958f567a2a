#pragma once

/// \file
/// Records operators' actions in the audit log of the store and in the service's log.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "server/log/log.hpp"
#include "storage/audit.hpp"
#include "storage/connection.hpp"

namespace couponhook::server {

/// Sender of a request that carried a right token.
struct Operator {
  std::string name;  ///< name of the token
  std::string from;  ///< IP address of the client
};

/// Records operators' actions. An action that is one transaction of the store writes its row in
/// that transaction, and calls log() after the commit. Other actions call record(). Only one thread
/// at a time may use an object.
class AuditTrail {
 public:
  /// \param connection a connection that may write. Other objects may share it if the same thread
  ///   uses them all.
  /// \param log must outlive this object.
  AuditTrail(std::shared_ptr<storage::Connection> connection, base::WallClock clock, Log& log);

  /// Makes the record of an action that is about to be done, without its result.
  [[nodiscard]] storage::AuditRecord action(const Operator& by, std::string_view action,
                                            std::string target, std::string_view reason = {}) const;

  /// Writes the log line about an action whose row is committed. Does nothing if the record has no
  /// result: then no row was written, because nothing was there to act on.
  void log(const storage::AuditRecord& record);

  /// Writes the row, in a transaction of its own and with the present time, and the log line.
  /// \return the failure of the store, which is also logged. The log line is written in any case.
  storage::Connection::Result<void> record(storage::AuditRecord record, std::string_view result);

 private:
  std::shared_ptr<storage::Connection> connection_;
  base::WallClock clock_;
  Log& log_;
};

}  // namespace couponhook::server
