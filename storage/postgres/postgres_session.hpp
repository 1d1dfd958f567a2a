#pragma once

/// \file
/// libpq, without waits that have no end.

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

/// One session with a PostgreSQL server, in pipeline mode: what is queued goes out together, and
/// its results come back in the order of the queue. One thread at a time.
class PostgresSession {
 public:
  template <typename T>
  using Result = Connection::Result<T>;
  using Deadline = std::chrono::steady_clock::time_point;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, Clear>;

  /// Waits no longer than the URL's connect_timeout for each address that it names, or 2 s.
  /// \param store_name for messages.
  [[nodiscard]] static Result<std::unique_ptr<PostgresSession>> connect(const std::string& url,
                                                                        std::string store_name);
  /// How a server takes whoever connects.
  enum class Door : std::uint8_t {
    kOpen,
    kAway,    ///< nobody answers, or it is starting, ending or full: it may be open by itself later
    kRefuses  ///< somebody has to change something first
  };
  /// Tries it with connections that are of no use otherwise. Waits as connect() does, and 2 s.
  [[nodiscard]] static Door try_door(const std::string& url);

  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// Looks whether the server has ended the session meanwhile. Does not wait.
  [[nodiscard]] bool is_alive();
  [[nodiscard]] bool is_in_transaction() const;
  /// Whether it failed because a deadline passed: what was asked may be going on.
  [[nodiscard]] bool was_silent() const { return silent_; }

  // Queueing copies its arguments. What goes wrong in it shows in the next receive().

  /// A statement without parameters or rows.
  void queue(const char* text);
  /// Parameter types are told by the parameters; a NULL's is left to the server.
  void queue_prepare(const std::string& name, const std::string& text,
                     std::span<const Parameter> parameters);
  void queue_execute(const std::string& name, std::span<const Parameter> parameters);
  /// Ends a pipeline: after a failure the server skips all up to here.
  void queue_sync();

  /// The next result.
  /// \return a failure where the session is over: lost, or silent until the deadline. What the
  ///   server says of one statement is in the answer instead.
  [[nodiscard]] Result<Answer> receive(Deadline deadline);
  /// Takes the results up to the sync that was queued last, and with it.
  [[nodiscard]] Result<void> receive_sync(Deadline deadline);

  /// Runs statements separated by semicolons, outside of any pipeline.
  [[nodiscard]] Result<void> run_script(const std::string& script, Deadline deadline);

  /// Waits until another session notifies this one, or until `interrupt` is readable.
  /// \return whether one did.
  [[nodiscard]] Result<bool> wait_for_notification(int interrupt, Deadline deadline);

  /// \return the server's words for a failed statement.
  [[nodiscard]] Failure failure_of(const pg_result* answer) const;

  /// The last warning of the server, until it is taken.
  [[nodiscard]] std::string take_warning() { return std::exchange(warning_, {}); }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  explicit PostgresSession(std::string store_name) : store_name_(std::move(store_name)) {}

  static void note_warning(void* session, const pg_result* notice);
  [[nodiscard]] Failure lost() const;
  [[nodiscard]] Failure silent();
  /// Sends what is queued, and takes in what has come, until a whole result is there.
  [[nodiscard]] Result<void> wait_for_result(Deadline deadline);

  std::string store_name_;
  std::string warning_;
  bool silent_ = false;
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace couponhook::storage
