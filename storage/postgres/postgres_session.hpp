#pragma once

/// \file
/// A session of libpq in which every wait has a deadline.

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

  /// Connects. Waits for each address in the URL at most the URL's connect_timeout, or at most 2 s
  /// if the URL has none.
  /// \param store_name used in messages.
  [[nodiscard]] static Result<std::unique_ptr<PostgresSession>> connect(const std::string& url,
                                                                        std::string store_name);
  /// Result of a test whether a server accepts connections.
  enum class ServerState : std::uint8_t {
    kOpen,
    kAway,    ///< no answer, or the server is starting, stopping or full: it may accept connections
              ///< later
    kRefuses  ///< the server refuses: somebody must change a setting first
  };
  /// Tests the server with connections that it closes again. Takes at most the time of connect()
  /// and 2 s.
  [[nodiscard]] static ServerState test_server(const std::string& url);

  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// Returns false if the server has ended the session. Does not wait.
  [[nodiscard]] bool is_alive();
  [[nodiscard]] bool is_in_transaction() const;
  /// Returns true if a deadline passed without an answer: the server may still be working.
  [[nodiscard]] bool was_silent() const { return silent_; }

  // The queue functions copy their arguments. The next receive() reports an error in them.

  /// Queues a statement without parameters and without result rows.
  void queue(const char* text);
  /// Queues the preparation of a statement. The parameters give the types; the server chooses the
  /// type of a NULL.
  void queue_prepare(const std::string& name, const std::string& text,
                     std::span<const Parameter> parameters);
  void queue_execute(const std::string& name, std::span<const Parameter> parameters);
  /// Ends the pipeline: after an error, the server skips all statements up to this point.
  void queue_sync();

  /// Waits for the next result.
  /// \return a failure if the session is over: lost, or no answer until the deadline. The server's
  /// error for one statement is inside the answer instead.
  [[nodiscard]] Result<Answer> receive(Deadline deadline);
  /// Reads and drops results until the answer to the queue_sync() that was queued last.
  [[nodiscard]] Result<void> receive_sync(Deadline deadline);

  /// Runs statements separated by semicolons, outside the pipeline.
  [[nodiscard]] Result<void> run_script(const std::string& script, Deadline deadline);

  /// Waits until another session notifies this one, `interrupt` (a file descriptor) is readable, or
  /// the deadline passes.
  /// \return true if another session notified.
  [[nodiscard]] Result<bool> wait_for_notification(int interrupt, Deadline deadline);

  /// \return the server's error for a failed statement.
  [[nodiscard]] Failure failure_of(const pg_result* answer) const;

  /// \return the last warning of the server, once.
  [[nodiscard]] std::string take_warning() { return std::exchange(warning_, {}); }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  explicit PostgresSession(std::string store_name) : store_name_(std::move(store_name)) {}

  static void note_warning(void* session, const pg_result* notice);
  [[nodiscard]] Failure lost() const;
  [[nodiscard]] Failure silent();
  /// Sends the queued data and reads input until a whole result has arrived.
  [[nodiscard]] Result<void> wait_for_result(Deadline deadline);

  std::string store_name_;
  std::string warning_;
  bool silent_ = false;
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace couponhook::storage
