#pragma once

/// \file
/// Helpers of the commands of the group `store`. Private to this folder.

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "server/commands/command_line.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::server {

/// Shows the progress of long work in the store.
class WorkDisplay {
 public:
  explicit WorkDisplay(World& world) : display_(progress_on(world)) {}

  [[nodiscard]] storage::WorkObserver observer() {
    return [this](std::string_view doing, std::uint64_t done, std::uint64_t total) {
      if (doing != doing_) begin(doing, total);
      if (!progress_) return;
      progress_->set(done, total);
      progress_->show_when_due(std::chrono::steady_clock::now());
    };
  }
  /// Removes the progress line, so that other output can follow.
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

/// The configured store that a command works on.
struct ConfiguredStore {
  Config config;
  storage::StoreUrl url;
  std::string where;  ///< file and key, for error messages
};

/// Loads the configuration and its store URL. If there is a problem, prints it and returns nothing.
[[nodiscard]] std::optional<ConfiguredStore> find_store(const CommonOptions& common, World& world);

/// Prints the failure. \return the exit code.
[[nodiscard]] Exit fail(World& world, const std::string& where, const storage::Failure& failure);

void declare_store_purge(CommandGroup& group, CommonOptions& common, World& world);
void declare_store_migrate(CommandGroup& group, CommonOptions& common, World& world);

}  // namespace couponhook::server
