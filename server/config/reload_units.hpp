#pragma once

/// \file
/// Parts of the set-up that are loaded anew while the service runs, each by itself.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "server/config/config.hpp"

namespace couponhook::server {

/// State of files at one moment. Two of them differ where a file was written, replaced, has
/// appeared or gone, or may be read by others than before.
using FileMarks = std::vector<std::tuple<std::filesystem::path, std::uint64_t, std::uint64_t,
                                         std::uint64_t, std::int64_t, std::int64_t>>;

/// \param patterns files, folders or globs, as expand_path() takes them.
[[nodiscard]] FileMarks look_at_files(std::span<const std::filesystem::path> patterns);

/// What a unit loads from, by its name: "config", "listener", "admin", "admin_token",
/// "merchant:MCHID", "merchant_api:MCHID", "handler:NAME".
using UnitFiles = std::map<std::string, std::vector<std::filesystem::path>>;
[[nodiscard]] UnitFiles unit_files(const Config& config);
/// State of all these files, by unit.
using UnitMarks = std::map<std::string, FileMarks>;
[[nodiscard]] UnitMarks look_at_units(const Config& config);

// Names of the units.
inline constexpr std::string_view kConfigUnit = "config";
inline constexpr std::string_view kListenerUnit = "listener";
inline constexpr std::string_view kAdminUnit = "admin";
inline constexpr std::string_view kAdminTokenUnit = "admin_token";
[[nodiscard]] std::string merchant_unit(std::string_view mchid);
[[nodiscard]] std::string merchant_api_unit(std::string_view mchid);
[[nodiscard]] std::string handler_unit(std::string_view name);

/// Marks the problems from the given one on as those of a unit.
void assign_to_unit(std::vector<Problem>& problems, std::size_t from, const std::string& unit);
/// All problems in one line of text.
[[nodiscard]] std::string join_problems(std::span<const Problem> problems);

/// One part of the set-up that is loaded whole or not at all, whatever becomes of the others.
struct ReloadUnit {
  std::string name;
  std::vector<std::filesystem::path> files;  ///< files, folders or globs that it depends on
  /// Loads it and puts it into force; returns what is wrong where it stays as it was.
  std::function<std::vector<Problem>()> load;
  /// Whether it has to be loaded anew although no file has changed; may be empty.
  std::function<bool()> is_stale{};
};

/// Counts of one unit since the process started.
struct UnitState {
  std::uint64_t ok = 0;
  std::uint64_t refused = 0;
  std::string last_error{};  ///< why its files are not in force; empty: they are
};

/// Counts of all units. Thread-safe.
class ReloadCounters {
 public:
  void add(const std::string& unit);
  void loaded(const std::string& unit);
  void refused(const std::string& unit, std::string why);
  /// Forgets units that no longer exist.
  void keep_only(const UnitFiles& units);
  [[nodiscard]] std::map<std::string, UnitState> list() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, UnitState> units_;  // guarded by mutex_
};

/// Decides when one unit is loaded: when its files change, when it is stale, and every few seconds
/// while it is refused. The clock is the caller's. Not thread-safe.
class UnitWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// From one attempt to the next while it is refused.
  static constexpr std::chrono::seconds kRetry{5};
  /// From one log line to the next about a cause that stays the same.
  static constexpr std::chrono::minutes kRepeat{10};

  /// \param marks the state of its files before they were loaded last.
  UnitWatch(ReloadUnit unit, FileMarks marks) : unit_(std::move(unit)), marks_(std::move(marks)) {}

  [[nodiscard]] const std::string& name() const { return unit_.name; }
  /// What is wrong with it since the start.
  void refuse(std::string why, TimePoint now);

  [[nodiscard]] bool is_due(TimePoint now);

  struct Outcome {
    std::string error;     ///< empty: it is in force
    bool is_news = false;  ///< whether the error is to be told
  };
  /// \param asked_for an operator wants to know, even what was told before.
  [[nodiscard]] Outcome load(TimePoint now, bool asked_for);

 private:
  ReloadUnit unit_;
  FileMarks marks_;
  std::string error_;  // empty: it is in force
  TimePoint retry_at_{};
  TimePoint told_at_{};
};

}  // namespace couponhook::server
