#pragma once

/// \file
/// Helpers for the commands whose first word is `store`. Only the files in server/commands use this
/// header.

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "server/commands/command_line.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::server {

/// Shows the progress of work in the store that takes long, such as a backup.
class WorkDisplay {
 public:
  explicit WorkDisplay(Runtime& runtime) : display_(progress_on(runtime)) {}

  [[nodiscard]] storage::WorkObserver observer() {
    return [this](std::string_view doing, std::uint64_t done, std::uint64_t total) {
      if (doing != doing_) begin(doing, total);
      if (!progress_) return;
      progress_->set(done, total);
      progress_->show_when_due(std::chrono::steady_clock::now());
    };
  }
  /// Removes the progress line from the terminal, so that other output can follow.
  void clear() {
    if (progress_) progress_->clear();
  }

 private:
  void begin(std::string_view doing, std::uint64_t total) {
    clear();
    doing_ = doing;
    progress_.reset();
    if (total != 0) {
      progress_.emplace(display_, doing_, total);
    } else {
      display_.out << doing_ << " …" << std::endl;
    }
  }

  base::ProgressDisplay display_;
  std::string doing_;
  std::optional<base::Progress> progress_;
};

/// The configuration, and the store that it names, for a command that works on the store.
struct ConfiguredStore {
  Config config;
  storage::StoreUrl url;
  /// Configuration file and key of the store, for error messages.
  std::string where;
};

/// Loads the configuration and its store URL. If there is a problem, prints the problem and returns
/// nothing.
[[nodiscard]] std::optional<ConfiguredStore> find_store(const CommonOptions& common,
                                                        Runtime& runtime);

/// Prints a failure of the store.
/// \return the exit code.
[[nodiscard]] Exit fail(Runtime& runtime, const std::string& where,
                        const storage::Failure& failure);

void declare_store_purge(CommandGroup& group, CommonOptions& common, Runtime& runtime);
void declare_store_migrate(CommandGroup& group, CommonOptions& common, Runtime& runtime);

}  // namespace couponhook::server
