#include "server/log.hpp"

#include <algorithm>
#include <string>

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace couponhook::server {
namespace {

constexpr std::size_t kQueuedLinesMax = 8192;
/// What a sender may make a line longer by, for each field it controls.
constexpr std::size_t kFieldBytesMax = 64;

spdlog::level::level_enum level(Severity severity) {
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

/// A line's fields: `"key":"value",…` as JSON, `key=value …` as text. Control characters and quotes
/// cannot get out of a value either way.
class Fields {
 public:
  explicit Fields(bool json) : json_(json) { out_.reserve(320); }

  void text(std::string_view key, std::string_view value, std::size_t bytes_max = kFieldBytesMax) {
    if (value.empty()) return;
    begin(key);
    out_ += '"';
    for (const char c : value.substr(0, bytes_max)) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) {
        out_ += '?';
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }
  void number(std::string_view key, std::uint64_t value) {
    begin(key);
    out_ += std::to_string(value);
  }
  [[nodiscard]] const std::string& line() const { return out_; }

 private:
  void begin(std::string_view key) {
    if (json_) {
      out_ += out_.empty() ? "\"" : ",\"";
      out_ += key;
      out_ += "\":";
    } else {
      if (!out_.empty()) out_ += ' ';
      out_ += key;
      out_ += '=';
    }
  }

  bool json_;
  std::string out_;
};

}  // namespace

struct Log::Impl {
  explicit Impl(const LogConfig& config)
      : json(config.format == "json"),
        pool(std::make_shared<spdlog::details::thread_pool>(kQueuedLinesMax, 1U)),
        logger(std::make_shared<spdlog::async_logger>(
            "couponhook", std::make_shared<spdlog::sinks::stdout_sink_mt>(), pool,
            spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::from_str(config.level));
    logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                             : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  }

  bool json;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(const LogConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Log::~Log() = default;

void Log::notification(const NotificationLine& line) {
  const VerdictRow& entry = row(line.verdict);
  if (!impl_->logger->should_log(level(entry.severity))) return;
  Fields fields(impl_->json);
  fields.text("event", "notification");
  fields.text("verdict", line.verdict == Verdict::kProbe ? "PROBE" : entry.code);
  fields.text("id", line.id);
  fields.text("event_type", line.event_type);
  fields.text("mchid", line.mchid);
  fields.text("serial", line.serial);
  fields.text("request_id", line.request_id);
  fields.text("peer", line.peer);
  fields.text("detail", line.detail, 256);
  fields.number("body_bytes", line.body_bytes);
  fields.number("duration_us",
                static_cast<std::uint64_t>(std::max<std::int64_t>(0, line.duration.count())));
  impl_->logger->log(level(entry.severity), spdlog::string_view_t(fields.line()));
}

void Log::message(Severity severity, std::string_view event, std::string_view text) {
  if (!impl_->logger->should_log(level(severity))) return;
  Fields fields(impl_->json);
  fields.text("event", event);
  fields.text("message", text, 1024);
  impl_->logger->log(level(severity), spdlog::string_view_t(fields.line()));
}

}  // namespace couponhook::server
