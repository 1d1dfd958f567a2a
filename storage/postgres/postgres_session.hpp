#pragma once

/// \file
/// A session with a PostgreSQL server through libpq, in which every wait has a deadline.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "storage/connection.hpp"

struct pg_conn;
struct pg_result;

namespace couponhook::storage {

/// One session with a PostgreSQL server in pipeline mode: queued statements are sent together, and
/// their results arrive in the same order. Only one thread at a time may use an object.
class PostgresSession {
 public:
  template <typename T>
  using Result = Connection::Result<T>;
  using Deadline = std::chrono::steady_clock::time_point;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, Clear>;

  /// Connects to the server. For each address in the URL, waits at most the connect_timeout of the
  /// URL, or at most 2 s if the URL has none.
  /// \param store_name name of the store in messages, without secrets.
  /// \return the new session.
  [[nodiscard]] static Result<std::unique_ptr<PostgresSession>> connect(const std::string& url,
                                                                        std::string store_name);
  /// Result of a test whether a server accepts connections.
  enum class ServerState : std::uint8_t {
    kOpen,
    /// The server gave no answer, or it is starting, stopping or full: it may accept connections
    /// later.
    kAway,
    kRefuses  ///< the server refuses connections until somebody changes a setting
  };
  /// Tests whether the server accepts connections, with connections that are closed again at once.
  /// Takes at most as long as connect(), plus 2 s.
  /// \return the state of the server.
  [[nodiscard]] static ServerState test_server(const std::string& url);

  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// Returns false if the server has ended the session. Does not wait for the server.
  [[nodiscard]] bool is_alive();
  [[nodiscard]] bool is_in_transaction() const;
  /// Returns true if a deadline passed without an answer of the server. The server may still be
  /// working on a statement.
  [[nodiscard]] bool timed_out() const { return timed_out_; }

  // The functions below queue a statement, or the end of the pipeline. They copy their arguments.
  // If one of them fails, the next receive() reports the error.

  /// Queues an SQL statement without parameters and without result rows.
  void queue(const char* text);
  /// Queues the preparation of an SQL statement. The C++ types of the parameters give their SQL
  /// types; for a NULL, the server chooses the type.
  void queue_prepare(const std::string& name, const std::string& text,
                     std::span<const Parameter> parameters);
  void queue_execute(const std::string& name, std::span<const Parameter> parameters);
  /// Queues the end of the pipeline: after an error, the server skips all statements up to this
  /// point.
  void queue_sync();

  /// Waits for the result of the next queued statement.
  /// \return the result, which may hold the server's error for this statement. Fails if the session
  /// is over: the connection was lost, or no answer came until the deadline.
  [[nodiscard]] Result<Answer> receive(Deadline deadline);
  /// Reads and drops results until the end of the pipeline that queue_sync() queued last.
  [[nodiscard]] Result<void> receive_sync(Deadline deadline);

  /// Runs SQL statements separated by semicolons, outside the pipeline. Used for schema migrations.
  [[nodiscard]] Result<void> run_script(const std::string& script, Deadline deadline);

  /// Waits until another session sends a NOTIFY to this one, the file descriptor `interrupt` is
  /// readable, or the deadline passes.
  /// \return true if another session has sent a NOTIFY.
  [[nodiscard]] Result<bool> wait_for_notification(int interrupt, Deadline deadline);

  /// \return the failure that describes the server's error for a statement.
  [[nodiscard]] Failure failure_of(const pg_result* answer) const;

  /// Returns the last warning that the server sent, and forgets the warning; returns an empty text
  /// if there was none.
  [[nodiscard]] std::string take_warning() { return std::exchange(warning_, {}); }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  explicit PostgresSession(std::string store_name) : store_name_(std::move(store_name)) {}

  static void note_warning(void* session, const pg_result* notice);
  [[nodiscard]] Failure lost() const;
  [[nodiscard]] Failure timeout_failure();
  /// Sends the queued statements and reads input until one whole result has arrived.
  [[nodiscard]] Result<void> wait_for_result(Deadline deadline);

  std::string store_name_;
  std::string warning_;
  bool timed_out_ = false;
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace couponhook::storage
