#pragma once

/// \file
/// Reload units: parts of the configuration and its files that can be loaded again while the
/// service runs, independently of each other.

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

/// State of a set of files at one moment: path, device, inode, size, modification time and inode
/// change time. Two states differ when a file was written, replaced, created, removed, or got other
/// permissions.
using FileMarks = std::vector<std::tuple<std::filesystem::path, std::uint64_t, std::uint64_t,
                                         std::uint64_t, std::int64_t, std::int64_t>>;

/// Reads the state of files.
/// \param patterns files, folders or globs, as in expand_path().
[[nodiscard]] FileMarks look_at_files(std::span<const std::filesystem::path> patterns);

/// The files that each unit is loaded from. Names of units: "config", "listener", "admin",
/// "admin_token", "merchant:MCHID", "merchant_api:MCHID", "handler:NAME".
using UnitFiles = std::map<std::string, std::vector<std::filesystem::path>>;
[[nodiscard]] UnitFiles unit_files(const Config& config);
/// State of the files of each unit.
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

/// Sets the unit of all problems from index `from` on.
void assign_to_unit(std::vector<Problem>& problems, std::size_t from, const std::string& unit);
/// Joins problems into one line of text.
[[nodiscard]] std::string join_problems(std::span<const Problem> problems);

/// One part of the configuration that is loaded again by itself: a problem in one unit does
/// not prevent other units from being loaded.
struct ReloadUnit {
  std::string name;
  /// Files, folders or globs that the unit is loaded from.
  std::vector<std::filesystem::path> files;
  /// Loads the unit and activates it. Returns the problems. With a problem, the old state stays
  /// active; only a merchant's unit may still activate the keys that could be read.
  std::function<std::vector<Problem>()> load;
  /// Returns true if the unit must be loaded again although no file has changed. May be empty.
  std::function<bool()> is_stale{};
};

/// Reload counters of one unit since the process started.
struct UnitState {
  std::uint64_t ok = 0;
  std::uint64_t refused = 0;
  std::string last_error{};  ///< why the files are not active; empty: they are
};

/// Reload counters of all units. Thread-safe.
class ReloadCounters {
 public:
  /// Lists a unit that was not loaded again yet.
  void add(const std::string& unit);
  /// Counts a successful load.
  void loaded(const std::string& unit);
  /// Counts a refused load.
  void refused(const std::string& unit, std::string why);
  /// Removes the counters of units that no longer exist.
  void keep_only(const UnitFiles& units);
  [[nodiscard]] std::map<std::string, UnitState> list() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, UnitState> units_;  // guarded by mutex_
};

/// Decides when one unit is loaded again: when its files change, when it is stale, and every few
/// seconds while loading fails. The caller passes the time. Not thread-safe.
class UnitWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Time between two attempts while loading fails.
  static constexpr std::chrono::seconds kRetry{5};
  /// Time between two log lines about the same error.
  static constexpr std::chrono::minutes kRepeat{10};

  /// \param marks state of the unit's files before they were last loaded.
  UnitWatch(ReloadUnit unit, FileMarks marks) : unit_(std::move(unit)), marks_(std::move(marks)) {}

  [[nodiscard]] const std::string& name() const { return unit_.name; }
  /// Marks the unit as failed, for a problem that was found when the service started.
  void refuse(std::string why, TimePoint now);

  /// Returns true if the unit must be loaded now.
  [[nodiscard]] bool is_due(TimePoint now);

  /// Result of one attempt to load the unit.
  struct Outcome {
    std::string error;     ///< empty: the unit was loaded
    bool is_news = false;  ///< true: the error must be logged
  };
  /// Loads the unit now.
  /// \param asked_for true: an operator asked for it, so an error is logged even if it was logged
  ///   before.
  [[nodiscard]] Outcome load(TimePoint now, bool asked_for);

 private:
  ReloadUnit unit_;
  FileMarks marks_;
  std::string error_;  // empty: the last load succeeded
  TimePoint retry_at_{};
  TimePoint told_at_{};
};

}  // namespace couponhook::server
