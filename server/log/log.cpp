#include "server/log/log.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <pthread.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include "server/log/audit_line.hpp"
#include "server/log/line_fields.hpp"
#include "server/log/line_limit.hpp"

namespace couponhook::server {
namespace {

/// Largest number of bytes of log lines that wait in memory while the reader of standard output is
/// slow.
constexpr std::size_t kWaitingBytesMax = 8U << 20;
/// Time for which log lines are collected before they are written, so that a few system calls write
/// many lines.
constexpr std::chrono::milliseconds kGather{50};
/// Time limit for writing the waiting log lines, in flush() and at the end of the process, if the
/// reader of standard output does not read.
constexpr std::chrono::milliseconds kFinalFlushMax{500};
/// Number of bytes that a pipe accepts without blocking if poll() reports it as writable
/// (PIPE_BUF).
constexpr std::size_t kPieceBytes = 4096;
/// Number of log lines about refused notifications and failed deliveries that may come at once
/// before the rate limit begins: each line is about another notification.
constexpr int kBurst = 20;

spdlog::level::level_enum to_spdlog(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return spdlog::level::debug;
    case Severity::kInfo:
      return spdlog::level::info;
    case Severity::kWarning:
      return spdlog::level::warn;
    case Severity::kError:
      break;
  }
  return spdlog::level::err;
}

std::pair<Severity, std::string_view> describe_result(storage::DeliveryResult result) {
  switch (result) {
    case storage::DeliveryResult::kDone:
      return {Severity::kDebug, "DONE"};
    case storage::DeliveryResult::kRetry:
      return {Severity::kWarning, "RETRY"};
    case storage::DeliveryResult::kDead:
      break;
  }
  return {Severity::kError, "DEAD"};
}

/// Collects log lines in memory and writes them to standard output from its own thread (a sink of
/// spdlog, the logging library). spdlog's asynchronous logger wakes its thread for each line, which
/// costs more than formatting the line.
class GatheringSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit GatheringSink(bool json) : json_(json), writer_([this] { write_until_closed(); }) {}
  ~GatheringSink() override {
    {
      const std::lock_guard lock(waiting_mutex_);
      give_up_at_ = Clock::now() + kFinalFlushMax;
    }
    wake_.notify_one();
    writer_.join();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void sink_it_(const spdlog::details::log_msg& message) override {
    formatted_.clear();
    formatter_->format(message, formatted_);
    bool first = false;
    {
      const std::lock_guard lock(waiting_mutex_);
      if (waiting_.size() + formatted_.size() > kWaitingBytesMax) {
        ++dropped_;
        return;
      }
      first = waiting_.empty();
      waiting_.append(formatted_.data(), formatted_.size());
    }
    if (first) wake_.notify_one();
  }
  void flush_() override {
    std::unique_lock lock(waiting_mutex_);
    written_.wait_for(lock, kFinalFlushMax, [this] { return waiting_.empty() && !writing_; });
  }

  [[nodiscard]] bool closing() const { return give_up_at_ != Clock::time_point::max(); }

  void write_until_closed() {
    pthread_setname_np(pthread_self(), "log");
    std::string lines;
    std::unique_lock lock(waiting_mutex_);
    while (!closing() || !waiting_.empty()) {
      wake_.wait(lock, [this] { return closing() || !waiting_.empty(); });
      wake_.wait_for(lock, kGather, [this] { return closing(); });
      lines.swap(waiting_);
      const std::uint64_t dropped = std::exchange(dropped_, 0);
      writing_ = true;
      lock.unlock();
      write_all(lines);
      lines.clear();
      if (dropped != 0) log_dropped(dropped);
      lock.lock();
      writing_ = false;
      written_.notify_all();
    }
  }

  void log_dropped(std::uint64_t count) {
    LineFields fields(json_);
    fields.text("event", "log_lines_dropped");
    fields.number("count", count);
    log(spdlog::details::log_msg("couponhook", spdlog::level::warn, fields.line()));
  }

  /// Writes all bytes to standard output. Waits for the program that reads this output. The wait
  /// has no limit, except at the end of the process: then it ends at give_up_at_.
  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      const int polled = ::poll(&ready, 1, static_cast<int>(kGather.count()));
      if (polled == 0 || (polled < 0 && errno == EINTR)) {
        const std::lock_guard lock(waiting_mutex_);
        if (Clock::now() >= give_up_at_) return;
        continue;
      }
      const ssize_t written =
          ::write(STDOUT_FILENO, bytes.data(), std::min(bytes.size(), kPieceBytes));
      if (written < 0 && errno != EINTR && errno != EAGAIN) return;
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  const bool json_;
  // The formatted text of the current log line, guarded by the mutex of base_sink.
  spdlog::memory_buf_t formatted_;
  std::mutex waiting_mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  // Log lines that are not written yet. waiting_mutex_ guards this member and the members below.
  std::string waiting_;
  bool writing_ = false;
  std::uint64_t dropped_ = 0;
  Clock::time_point give_up_at_ = Clock::time_point::max();
  std::thread writer_;
};

}  // namespace

struct Log::Impl {
  explicit Impl(const LogConfig& config)
      : json(config.format == "json"), logger("couponhook", std::make_shared<GatheringSink>(json)) {
    logger.set_level(spdlog::level::from_str(config.level));
    logger.set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  }

  ~Impl() { log_suppressed(limit.take_all()); }

  /// Writes a line whatever the level is.
  void write(spdlog::level::level_enum severity, const std::string& line) {
    logger.sinks().front()->log(spdlog::details::log_msg("couponhook", severity, line));
  }

  /// Applies the rate limit to a log line.
  /// \return nothing if the line must be suppressed; otherwise the number of lines of the same
  ///   cause that were suppressed before this line.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view cause, int burst) {
    const std::lock_guard lock(mutex);
    return limit.admit(cause, burst, std::chrono::steady_clock::now());
  }
  void take_back(std::string_view cause, std::uint64_t count) {
    const std::lock_guard lock(mutex);
    limit.take_back(cause, count);
  }
  void log_overdue() {
    std::vector<LineLimit::Suppressed> quiet;
    {
      const std::lock_guard lock(mutex);
      quiet = limit.take_overdue(std::chrono::steady_clock::now());
    }
    log_suppressed(quiet);
  }
  void log_suppressed(const std::vector<LineLimit::Suppressed>& all) {
    for (const LineLimit::Suppressed& one : all) {
      LineFields fields(json);
      fields.text("event", "lines_suppressed");
      fields.text("cause", one.cause, 256);
      fields.number("suppressed", one.count);
      logger.log(spdlog::level::warn, spdlog::string_view_t(fields.line()));
    }
  }

  bool json;
  spdlog::logger logger;
  std::mutex mutex;
  LineLimit limit;  // rate limit of log lines, guarded by `mutex`
};

namespace {

/// Returns the number of log lines with one verdict (result of a request) that may come at once; 0
/// means no limit. If the service itself causes the verdict, for example because its database
/// fails, all notifications have the same problem, so one line at a time is enough.
int burst_of(const VerdictRow& entry) {
  if (entry.status == kSuccessStatus) return 0;
  const bool is_ours = entry.verdict == Verdict::kStoreUnavailable ||
                       entry.verdict == Verdict::kOverloaded || entry.verdict == Verdict::kInternal;
  return is_ours ? 1 : kBurst;
}

void add_suppressed_count(LineFields& fields, std::uint64_t count) {
  if (count != 0) fields.number("suppressed", count);
}

}  // namespace

Log::Log(const LogConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Log::~Log() = default;

void Log::notification(const NotificationLine& line) {
  const VerdictRow& entry = row(line.verdict);
  if (!impl_->logger.should_log(to_spdlog(entry.severity))) return;
  impl_->log_overdue();
  const std::string_view code = line.verdict == Verdict::kProbe ? "PROBE" : entry.code;
  std::optional<std::uint64_t> suppressed = 0;
  if (const int burst = burst_of(entry); burst > 0) {
    suppressed = impl_->admit("notification " + std::string(code), burst);
  }
  if (!suppressed) return;
  LineFields fields(impl_->json);
  fields.text("event", "notification");
  fields.text("verdict", code);
  fields.text("id", line.id);
  fields.text("event_type", line.event_type);
  fields.text("mchid", line.mchid);
  fields.text("serial", line.serial);
  fields.text("request_id", line.request_id);
  fields.text("peer", line.peer);
  fields.text("detail", line.detail, 256);
  fields.number("body_bytes", line.body_bytes);
  fields.text("body_sha256", line.body_sha256);
  fields.text("content_encoding", line.content_encoding);
  fields.text("hop", line.hop);
  fields.text("proxies", line.proxies, 200);
  fields.number("duration_us",
                static_cast<std::uint64_t>(std::max<std::int64_t>(0, line.duration.count())));
  add_suppressed_count(fields, *suppressed);
  impl_->logger.log(to_spdlog(entry.severity), spdlog::string_view_t(fields.line()));
}

void Log::refusal(const RefusalLine& line) {
  if (!impl_->logger.should_log(spdlog::level::warn)) return;
  LineFields fields(impl_->json);
  fields.text("event", "refused");
  fields.text("verdict", row(line.verdict).code);
  fields.text("method", line.method, 16);
  fields.text("path", line.path, 128);
  fields.text("peer", line.peer);
  fields.text("advice", line.advice, 320);
  if (line.more != 0) fields.number("more", line.more);
  impl_->logger.log(spdlog::level::warn, spdlog::string_view_t(fields.line()));
}

void Log::delivery(const DeliveryLine& line) {
  const auto [severity, result] = describe_result(line.result);
  if (!impl_->logger.should_log(to_spdlog(severity))) return;
  impl_->log_overdue();
  std::optional<std::uint64_t> suppressed = 0;
  if (line.result != storage::DeliveryResult::kDone) {
    std::string cause("delivery ");
    cause.append(result).append(" ").append(line.handler).append(": ").append(line.error);
    suppressed = impl_->admit(cause, kBurst);
  }
  if (!suppressed) return;
  LineFields fields(impl_->json);
  fields.text("event", "delivery");
  fields.text("result", line.counted ? result : "TAKEN_OVER");
  fields.number("delivery_id", static_cast<std::uint64_t>(line.delivery_id));
  fields.text("handler", line.handler);
  fields.text("notification_id", line.id);
  // Releases before "notification_id" had only "id", and filters of log collectors rely on it.
  fields.text("id", line.id);
  fields.text("event_type", line.event_type);
  fields.text("mchid", line.mchid);
  fields.text("error", line.error, 256);
  fields.number("attempt", static_cast<std::uint64_t>(line.attempt));
  fields.number("duration_us", static_cast<std::uint64_t>(line.took_us));
  add_suppressed_count(fields, *suppressed);
  impl_->logger.log(to_spdlog(severity), spdlog::string_view_t(fields.line()));
}

void Log::message(Severity severity, std::string_view event, std::string_view text, int burst) {
  if (!impl_->logger.should_log(to_spdlog(severity))) return;
  impl_->log_overdue();
  std::uint64_t suppressed = 0;
  // Log lines of level debug and info have no limit: only actions of operators and scheduled tasks
  // cause them.
  if (severity == Severity::kWarning || severity == Severity::kError) {
    const auto of_event = impl_->admit(event, burst);
    if (!of_event) return;
    const auto of_text = impl_->admit(std::string(event).append(": ").append(text), 1);
    if (!of_text) return impl_->take_back(event, *of_event);
    suppressed = *of_event + *of_text;
  }
  LineFields fields(impl_->json);
  fields.text("event", event);
  fields.text("message", text, 1024);
  add_suppressed_count(fields, suppressed);
  impl_->logger.log(to_spdlog(severity), spdlog::string_view_t(fields.line()));
}

void Log::audit(const storage::AuditRecord& record) {
  impl_->write(spdlog::level::info, audit_fields(record, impl_->json));
}

void Log::started(std::string_view version, std::string_view listener, std::string_view admin) {
  if (!impl_->logger.should_log(spdlog::level::info)) return;
  LineFields fields(impl_->json);
  fields.text("event", "started");
  fields.text("version", version);
  fields.text("listener", listener, 128);
  fields.text("status", admin, 128);
  impl_->logger.log(spdlog::level::info, spdlog::string_view_t(fields.line()));
}

void Log::set_level(const std::string& level) {
  impl_->logger.set_level(spdlog::level::from_str(level));
}

std::string_view Log::level() const {
  static_assert(SPDLOG_LEVEL_TRACE == 0 && SPDLOG_LEVEL_ERROR + 1 == kLevels.size());
  return kLevels.at(static_cast<std::size_t>(impl_->logger.level()));
}

void Log::flush() {
  impl_->logger.flush();
}

}  // namespace couponhook::server
