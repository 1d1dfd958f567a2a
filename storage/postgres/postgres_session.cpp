#include "storage/postgres/postgres_session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <libpq-fe.h>
#include <poll.h>

#include "storage/postgres/postgres_failure.hpp"
#include "storage/postgres/postgres_values.hpp"

namespace couponhook::storage {
namespace {

using Clock = std::chrono::steady_clock;

/// Longest time that test_server() waits for the server to answer its test connection.
constexpr std::chrono::seconds kServerTestMax{2};

struct Setting {
  const char* keyword;
  const char* value;
};
/// Connection settings that are used where the URL does not set them. They detect a vanished server
/// within seconds, and of several servers choose the one that accepts writes.
constexpr std::array kDefaults{
    Setting{"connect_timeout", "2"},           Setting{"tcp_user_timeout", "5000"},
    Setting{"keepalives_idle", "5"},           Setting{"keepalives_interval", "2"},
    Setting{"keepalives_count", "3"},          Setting{"target_session_attrs", "read-write"},
    Setting{"application_name", "couponhook"},
};

/// Keywords and values of the connection settings, in the form that libpq needs. If a keyword
/// occurs twice, libpq uses the second value.
struct ConnectionSettings {
  explicit ConnectionSettings(const std::string& url) {
    std::size_t i = 0;
    for (const Setting& setting : kDefaults) set(i++, setting);
    set(i++, {"dbname", url.c_str()});
    set(i++, {"client_encoding", "UTF8"});
  }
  void set(std::size_t i, const Setting& setting) {
    keywords[i] = setting.keyword;
    values[i] = setting.value;
  }

  static constexpr int kUrlIsADatabaseName = 1;
  std::array<const char*, kDefaults.size() + 3> keywords{};
  std::array<const char*, kDefaults.size() + 3> values{};
};

/// Waits until one of the file descriptors is ready.
/// \return true if a descriptor is ready before the deadline.
bool wait_on(std::span<pollfd> what, PostgresSession::Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
    const int ready = ::poll(what.data(), what.size(), timeout);
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return true;  // the read after this wait reports the error
  }
}

/// \return the last word of an error message of libpq. With the verbosity PQERRORS_SQLSTATE that
/// word is the SQLSTATE error code, if the server has sent one.
std::string_view last_word(std::string_view message) {
  const std::size_t end = message.find_last_not_of("\n ") + 1;
  message = message.substr(0, end);
  return message.substr(message.find_last_of(' ') + 1);
}

std::string_view field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string_view() : text;
}

}  // namespace

void PostgresSession::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

void PostgresSession::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

PostgresSession::~PostgresSession() = default;

PostgresSession::Result<std::unique_ptr<PostgresSession>> PostgresSession::connect(
    const std::string& url, std::string store_name) {
  const ConnectionSettings settings(url);
  std::unique_ptr<PostgresSession> session(new PostgresSession(std::move(store_name)));
  session->connection_.reset(PQconnectdbParams(settings.keywords.data(), settings.values.data(),
                                               ConnectionSettings::kUrlIsADatabaseName));
  PGconn* connection = session->connection_.get();
  if (connection == nullptr || PQstatus(connection) != CONNECTION_OK) {
    return Failure{FailureCode::kUnavailable, "cannot connect to store " + session->store_name_ +
                                                  ": " + on_one_line(PQerrorMessage(connection)) +
                                                  ": check [store] url and the server"};
  }
  PQsetNoticeReceiver(connection, &PostgresSession::note_warning, session.get());
  if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1) {
    return session->lost();
  }
  return session;
}

PostgresSession::ServerState PostgresSession::test_server(const std::string& url) {
  const ConnectionSettings settings(url);
  const PGPing answer = PQpingParams(settings.keywords.data(), settings.values.data(),
                                     ConnectionSettings::kUrlIsADatabaseName);
  if (answer != PQPING_OK) return ServerState::kAway;
  const std::unique_ptr<PGconn, Finish> connection(PQconnectStartParams(
      settings.keywords.data(), settings.values.data(), ConnectionSettings::kUrlIsADatabaseName));
  if (connection == nullptr) return ServerState::kAway;
  // Make libpq put the error code into its message, because the text of the message is in the
  // server's language.
  PQsetErrorVerbosity(connection.get(), PQERRORS_SQLSTATE);
  const Deadline deadline = Clock::now() + kServerTestMax;
  auto state = PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_WRITING || state == PGRES_POLLING_READING) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    std::array socket{pollfd{.fd = PQsocket(connection.get()), .events = events, .revents = 0}};
    if (!wait_on(socket, deadline)) return ServerState::kAway;
    state = PQconnectPoll(connection.get());
  }
  if (state == PGRES_POLLING_OK) return ServerState::kOpen;
  const std::string_view sqlstate = last_word(PQerrorMessage(connection.get()));
  return is_passing(sqlstate) ? ServerState::kAway : ServerState::kRefuses;
}

bool PostgresSession::is_alive() {
  PGconn* connection = connection_.get();
  std::array socket{pollfd{.fd = PQsocket(connection), .events = POLLIN, .revents = 0}};
  // Before a server closes a connection it sends a last message, so all input must be read to see
  // that the connection is closed.
  while (PQstatus(connection) == CONNECTION_OK && wait_on(socket, Clock::now())) {
    if (PQconsumeInput(connection) == 0) return false;
    PQisBusy(connection);  // this call makes libpq parse the input that was read
  }
  return PQstatus(connection) == CONNECTION_OK;
}

bool PostgresSession::is_in_transaction() const {
  return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE;
}

void PostgresSession::queue(const char* text) {
  PQsendQueryParams(connection_.get(), text, 0, nullptr, nullptr, nullptr, nullptr,
                    kPostgresBinary);
}

void PostgresSession::queue_prepare(const std::string& name, const std::string& text,
                                    std::span<const Parameter> parameters) {
  const PostgresParameters values(parameters);
  PQsendPrepare(connection_.get(), name.c_str(), text.c_str(), values.count(), values.types());
}

void PostgresSession::queue_execute(const std::string& name,
                                    std::span<const Parameter> parameters) {
  const PostgresParameters values(parameters);
  PQsendQueryPrepared(connection_.get(), name.c_str(), values.count(), values.values(),
                      values.lengths(), values.formats(), kPostgresBinary);
}

void PostgresSession::queue_sync() {
  PQpipelineSync(connection_.get());
}

PostgresSession::Result<void> PostgresSession::wait_for_result(Deadline deadline) {
  PGconn* connection = connection_.get();
  for (;;) {
    const int unsent = PQflush(connection);
    if (unsent < 0) return lost();
    if (PQisBusy(connection) == 0) return {};
    const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    std::array socket{pollfd{.fd = PQsocket(connection), .events = events, .revents = 0}};
    if (!wait_on(socket, deadline)) return timeout_failure();
    if ((socket[0].revents & ~POLLOUT) != 0 && PQconsumeInput(connection) == 0) return lost();
  }
}

PostgresSession::Result<PostgresSession::Answer> PostgresSession::receive(Deadline deadline) {
  if (auto waited = wait_for_result(deadline); !waited) return waited.error();
  Answer answer(PQgetResult(connection_.get()));
  if (answer == nullptr) return lost();  // the server sent fewer results than there were statements
  if (PQstatus(connection_.get()) != CONNECTION_OK) return lost();
  if (PQresultStatus(answer.get()) == PGRES_FATAL_ERROR) {
    if (ends_session(field_of(answer.get(), PG_DIAG_SQLSTATE))) return failure_of(answer.get());
  }
  if (PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC) return answer;
  // Read past the null pointer that libpq returns between the results of two statements.
  if (auto waited = wait_for_result(deadline); !waited) return waited.error();
  if (const Answer end(PQgetResult(connection_.get())); end != nullptr) return lost();
  return answer;
}

PostgresSession::Result<void> PostgresSession::receive_sync(Deadline deadline) {
  for (;;) {
    const auto answer = receive(deadline);
    if (!answer) return answer.error();
    if (PQresultStatus(answer->get()) == PGRES_PIPELINE_SYNC) return {};
  }
}

PostgresSession::Result<void> PostgresSession::run_script(const std::string& script,
                                                          Deadline deadline) {
  PGconn* connection = connection_.get();
  if (PQexitPipelineMode(connection) != 1 || PQsendQuery(connection, script.c_str()) != 1) {
    return lost();
  }
  std::optional<Failure> refused;
  for (;;) {
    if (auto waited = wait_for_result(deadline); !waited) return waited;
    const Answer answer(PQgetResult(connection));
    if (answer == nullptr) break;
    if (PQresultStatus(answer.get()) == PGRES_FATAL_ERROR) refused = failure_of(answer.get());
    if (PQstatus(connection) != CONNECTION_OK) return lost();
  }
  if (PQenterPipelineMode(connection) != 1) return lost();
  if (refused) return *refused;
  return {};
}

PostgresSession::Result<bool> PostgresSession::wait_for_notification(int interrupt,
                                                                     Deadline deadline) {
  PGconn* connection = connection_.get();
  struct FreeNotification {
    void operator()(PGnotify* notification) const { PQfreemem(notification); }
  };
  for (;;) {
    bool received = false;
    using Notification = std::unique_ptr<PGnotify, FreeNotification>;
    for (Notification one(PQnotifies(connection)); one; one.reset(PQnotifies(connection))) {
      // PostgreSQL also sends this session the NOTIFY messages of the session itself, which are
      // ignored. Several messages count as one.
      received = received || one->be_pid != PQbackendPID(connection);
    }
    if (received) return true;
    std::array ends{pollfd{.fd = PQsocket(connection), .events = POLLIN, .revents = 0},
                    pollfd{.fd = interrupt, .events = POLLIN, .revents = 0}};
    if (!wait_on(ends, deadline) || ends[1].revents != 0) return false;
    if (PQconsumeInput(connection) == 0) return lost();
  }
}

Failure PostgresSession::failure_of(const pg_result* answer) const {
  return postgres_failure(field_of(answer, PG_DIAG_SQLSTATE),
                          field_of(answer, PG_DIAG_MESSAGE_PRIMARY), store_name_);
}

void PostgresSession::note_warning(void* session, const pg_result* notice) {
  if (field_of(notice, PG_DIAG_SEVERITY_NONLOCALIZED) != "WARNING") return;
  static_cast<PostgresSession*>(session)->warning_ = field_of(notice, PG_DIAG_MESSAGE_PRIMARY);
}

Failure PostgresSession::lost() const {
  return {FailureCode::kUnavailable, "the connection to store " + store_name_ + " was lost: " +
                                         on_one_line(PQerrorMessage(connection_.get()))};
}

Failure PostgresSession::timeout_failure() {
  timed_out_ = true;
  return {FailureCode::kUnavailable, "store " + store_name_ +
                                         " did not answer in time: look at the server's load and "
                                         "at the network"};
}

}  // namespace couponhook::storage
