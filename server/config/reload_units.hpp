#pragma once

/// \file
/// Reload units: parts of the set-up (configuration, keys, certificates, secrets) that can be
/// reloaded while the service runs, each independently of the others.

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

/// State of a set of files at one time: path, device, inode, size, modification time and inode
/// change time. Two states differ when a file was written, replaced, created, removed, or got other
/// permissions.
using FileMarks = std::vector<std::tuple<std::filesystem::path, std::uint64_t, std::uint64_t,
                                         std::uint64_t, std::int64_t, std::int64_t>>;

/// Returns the current state of the files that the patterns match.
/// \param patterns files, folders or globs, as in expand_path().
[[nodiscard]] FileMarks read_file_marks(std::span<const std::filesystem::path> patterns);

/// For each reload unit (part of the set-up that is reloaded by itself), the files that it is
/// loaded from. The keys are the names of the units: "config", "listener", "admin", "admin_token",
/// "merchant:MCHID", "merchant_api:MCHID", "handler:NAME", "alert:NUMBER".
using UnitFiles = std::map<std::string, std::vector<std::filesystem::path>>;
[[nodiscard]] UnitFiles unit_files(const Config& config);
/// For each reload unit (part of the set-up that is reloaded by itself), the state of its files.
/// The keys are the names of the units.
using UnitMarks = std::map<std::string, FileMarks>;
[[nodiscard]] UnitMarks read_unit_marks(const Config& config);

// Names of the reload units, the parts of the set-up that are reloaded by themselves.
inline constexpr std::string_view kConfigUnit = "config";
inline constexpr std::string_view kListenerUnit = "listener";
inline constexpr std::string_view kAdminUnit = "admin";
inline constexpr std::string_view kAdminTokenUnit = "admin_token";
[[nodiscard]] std::string merchant_unit(std::string_view mchid);
[[nodiscard]] std::string merchant_api_unit(std::string_view mchid);
[[nodiscard]] std::string handler_unit(std::string_view name);
/// \param number place of the [[alert]] in the configuration, from 1.
[[nodiscard]] std::string alert_unit(std::size_t number);

/// Records in the entries of `problems`, from index `from` on, that they belong to the reload unit
/// `unit`.
void assign_to_unit(std::vector<Problem>& problems, std::size_t from, const std::string& unit);
/// Joins the texts of all problems into one line of text.
[[nodiscard]] std::string join_problems(std::span<const Problem> problems);

/// A part of the set-up that is reloaded by itself, such as the keys of one merchant. A problem in
/// one unit does not prevent other units from being loaded.
struct ReloadUnit {
  std::string name;
  /// Files, folders or globs that the reload unit is loaded from.
  std::vector<std::filesystem::path> files;
  /// Function that loads the reload unit and puts it into use. It returns the problems. If there is
  /// a problem, the old state stays in use, except that the unit of a merchant may use the keys
  /// that could be read.
  std::function<std::vector<Problem>()> load;
  /// Function that returns true if the reload unit must be loaded again although no file has
  /// changed. May be empty.
  std::function<bool()> is_stale{};
};

/// Number of successful and refused reloads of one reload unit since the process started.
struct UnitState {
  std::uint64_t ok = 0;
  std::uint64_t refused = 0;
  /// Reason why the current content of the reload unit's files is not in use; empty if it is in
  /// use.
  std::string last_error{};
};

/// Numbers of successful and refused reloads of all reload units. Thread-safe.
class ReloadCounters {
 public:
  /// Adds counters for a reload unit that was not reloaded yet.
  void add(const std::string& unit);
  /// Counts a successful reload of the reload unit `unit`.
  void loaded(const std::string& unit);
  /// Counts a refused reload of the reload unit `unit`, with the reason.
  void refused(const std::string& unit, std::string why);
  /// Removes the counters of reload units that no longer exist.
  void keep_only(const UnitFiles& units);
  [[nodiscard]] std::map<std::string, UnitState> list() const;

 private:
  mutable std::mutex mutex_;
  // The key is the name of a reload unit; mutex_ guards the map.
  std::map<std::string, UnitState> units_;
};

/// Decides when one reload unit is loaded again: when its files change, when is_stale() returns
/// true, and every few seconds while loading fails. The caller passes the time. Not thread-safe.
class UnitWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Time between two attempts to load a reload unit, while loading fails.
  static constexpr std::chrono::seconds kRetry{5};
  /// Time between two log lines about the same error of a reload unit.
  static constexpr std::chrono::minutes kRepeat{10};

  /// Makes an object that watches one reload unit.
  /// \param marks state of the unit's files before they were last loaded.
  UnitWatch(ReloadUnit unit, FileMarks marks) : unit_(std::move(unit)), marks_(std::move(marks)) {}

  [[nodiscard]] const std::string& name() const { return unit_.name; }
  /// Returns the state of the unit's files before they were last loaded.
  [[nodiscard]] const FileMarks& marks() const { return marks_; }
  /// Records that the reload unit could not be loaded when the service started, for the reason
  /// `why`.
  void refuse(std::string why, TimePoint now);

  /// Returns true if the reload unit must be loaded now.
  [[nodiscard]] bool is_due(TimePoint now);

  /// Result of one attempt to load the reload unit.
  struct Outcome {
    /// Reason why the reload unit could not be loaded; empty if it was loaded.
    std::string error;
    /// True: the error must be logged, because it is new or was last logged some time ago.
    bool must_log = false;
    /// True: a file of the unit has changed since it was last loaded.
    bool has_changed = false;
  };
  /// Loads the reload unit now.
  /// \param asked_for true: an operator asked for the reload, so an error is logged even if it was
  ///   logged before.
  /// \return the result of the attempt.
  [[nodiscard]] Outcome load(TimePoint now, bool asked_for);

 private:
  ReloadUnit unit_;
  FileMarks marks_;
  std::string error_;  // error of the last attempt to load the reload unit; empty if that succeeded
  TimePoint retry_at_{};
  TimePoint logged_at_{};
};

}  // namespace couponhook::server
