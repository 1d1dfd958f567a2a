#include "server/config/reload_units.hpp"

#include <cstdlib>
#include <sstream>
#include <utility>

#include <sys/stat.h>

#include "base/bug.hpp"
#include "crypto/file.hpp"

namespace couponhook::server {
namespace {

std::int64_t to_ns(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::vector<std::filesystem::path> merchant_files(const MerchantConfig& merchant) {
  std::vector<std::filesystem::path> files = merchant.api_v3_key_files;
  files.insert(files.end(), merchant.platform_certificates.begin(),
               merchant.platform_certificates.end());
  for (const auto& key : merchant.platform_public_keys) files.push_back(key.file);
  if (merchant.api) files.push_back(merchant.api->certificate_directory);
  return files;
}

/// Returns the paths at which the program of an exec handler may be. A name without a slash may be
/// in any folder of PATH.
std::vector<std::filesystem::path> places_of_program(const std::string& program) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::filesystem::path> places;
  const char* const value = std::getenv("PATH");
  std::istringstream folders(value == nullptr ? "/bin:/usr/bin" : value);
  for (std::string folder; std::getline(folders, folder, ':');) {
    places.push_back(std::filesystem::path(folder) / program);
  }
  return places;
}

/// Returns the files that a handler is loaded from, such as its password file. Each type of handler
/// has its own overload of the call operator.
struct HandlerFiles {
  using Files = std::vector<std::filesystem::path>;

  Files operator()(const LedgerHandlerConfig&) const { return {}; }
  Files operator()(const HttpHandlerConfig& http) const { return {http.secret_file, http.ca_file}; }
  Files operator()(const ExecHandlerConfig& exec) const {
    if (exec.command.empty()) return {};
    return places_of_program(exec.command.front());
  }
  Files operator()(const RedisHandlerConfig& redis) const { return {redis.password_file}; }
  Files operator()(const AmqpHandlerConfig& amqp) const {
    return {amqp.password_file, amqp.ca_file};
  }
  Files operator()(const KafkaHandlerConfig& kafka) const {
    Files files{kafka.password_file};
    for (const auto& [name, value] : kafka.properties) {
      if (name.ends_with(".location") || name.ends_with(".keytab")) files.emplace_back(value);
    }
    return files;
  }
  Files operator()(const OwnHandlerConfig&) const { return {}; }
};

}  // namespace

FileMarks read_file_marks(std::span<const std::filesystem::path> patterns) {
  FileMarks marks;
  for (const auto& pattern : patterns) {
    if (pattern.empty()) continue;
    for (const auto& file : crypto::expand_path(pattern)) {
      struct stat facts {};
      if (::stat(file.c_str(), &facts) != 0) facts = {};
      // Record the file's inode change time (ctime) too: the ctime also changes when the file's
      // permissions change, and when another file is renamed to this file's name.
      marks.emplace_back(file, facts.st_dev, facts.st_ino,
                         static_cast<std::uint64_t>(facts.st_size), to_ns(facts.st_mtim),
                         to_ns(facts.st_ctim));
    }
  }
  return marks;
}

UnitFiles unit_files(const Config& config) {
  UnitFiles units;
  units[std::string(kConfigUnit)] = {config.file};
  units[std::string(kListenerUnit)] = {config.listener.tls_certificate,
                                       config.listener.tls_private_key};
  units[std::string(kAdminUnit)] = {config.admin.tls_certificate, config.admin.tls_private_key};
  auto& tokens = units[std::string(kAdminTokenUnit)];
  for (const AdminTokenConfig& token : admin_tokens(config.admin)) tokens.push_back(token.file);
  for (const MerchantConfig& merchant : config.merchants) {
    units[merchant_unit(merchant.mchid)] = merchant_files(merchant);
    if (!merchant.api) continue;
    units[merchant_api_unit(merchant.mchid)] = {
        merchant.api->private_key_file, merchant.api->ca_file, merchant.api->api_v2_key_file};
  }
  for (const HandlerConfig& handler : config.handlers) {
    if (handler.is_ledger()) continue;
    units[handler_unit(handler.name)] = std::visit(HandlerFiles{}, handler.own);
  }
  for (std::size_t i = 0; i < config.alerts.size(); ++i) {
    const AlertConfig& alert = config.alerts[i];
    units[alert_unit(i + 1)] = {alert.url_file, alert.secret_file, alert.ca_file};
  }
  return units;
}

UnitMarks read_unit_marks(const Config& config) {
  UnitMarks marks;
  for (const auto& [unit, files] : unit_files(config)) marks[unit] = read_file_marks(files);
  return marks;
}

std::string merchant_unit(std::string_view mchid) {
  return "merchant:" + std::string(mchid);
}

std::string merchant_api_unit(std::string_view mchid) {
  return "merchant_api:" + std::string(mchid);
}

std::string handler_unit(std::string_view name) {
  return "handler:" + std::string(name);
}

std::string alert_unit(std::size_t number) {
  return "alert:" + std::to_string(number);
}

void assign_to_unit(std::vector<Problem>& problems, std::size_t from, const std::string& unit) {
  for (std::size_t i = from; i < problems.size(); ++i) problems[i].unit = unit;
}

std::string join_problems(std::span<const Problem> problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += "; ";
    text += problem.where + " " + problem.message;
  }
  return text;
}

void ReloadCounters::add(const std::string& unit) {
  const std::lock_guard lock(mutex_);
  units_.try_emplace(unit);
}

void ReloadCounters::loaded(const std::string& unit) {
  const std::lock_guard lock(mutex_);
  UnitState& state = units_[unit];
  ++state.ok;
  state.last_error.clear();
}

void ReloadCounters::refused(const std::string& unit, std::string why) {
  const std::lock_guard lock(mutex_);
  UnitState& state = units_[unit];
  ++state.refused;
  state.last_error = std::move(why);
}

void ReloadCounters::keep_only(const UnitFiles& units) {
  const std::lock_guard lock(mutex_);
  std::erase_if(units_, [&](const auto& entry) { return !units.contains(entry.first); });
}

std::map<std::string, UnitState> ReloadCounters::list() const {
  const std::lock_guard lock(mutex_);
  return units_;
}

void UnitWatch::refuse(std::string why, TimePoint now) {
  error_ = std::move(why);
  retry_at_ = now + kRetry;
  logged_at_ = now;
}

bool UnitWatch::is_due(TimePoint now) {
  if (read_file_marks(unit_.files) != marks_) return true;
  if (!error_.empty()) return now >= retry_at_;
  return unit_.is_stale && unit_.is_stale();
}

UnitWatch::Outcome UnitWatch::load(TimePoint now, bool asked_for) {
  // Record the state of the reload unit's files before they are read. A change during the load is
  // then noticed later as a new change.
  FileMarks marks = read_file_marks(unit_.files);
  const bool has_changed = marks != marks_;
  marks_ = std::move(marks);
  std::string error;
  try {
    error = join_problems(unit_.load());
  } catch (...) {
    error = base::describe_exception(std::current_exception());
  }
  const bool must_log =
      !error.empty() && (asked_for || error != error_ || now - logged_at_ >= kRepeat);
  if (must_log) logged_at_ = now;
  retry_at_ = now + kRetry;
  error_ = error;
  return {std::move(error), must_log, has_changed};
}

}  // namespace couponhook::server
