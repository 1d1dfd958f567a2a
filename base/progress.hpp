#pragma once

/// \file
/// Shows the progress of long work: as a bar on a terminal, and as plain lines everywhere else.

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

namespace couponhook::base {

/// The output stream to which the progress of long work is written.
struct ProgressDisplay {
  std::ostream& out;
  /// True: the progress is shown as one bar that is drawn again and again. False: a new line is
  /// written every two seconds.
  bool is_terminal;
};

/// Counts the finished steps of one piece of work and shows the progress. Not thread-safe.
class Progress {
 public:
  /// \param doing word with which each plain progress line begins, for example "sent".
  /// \param total amount of work, in steps; with 0, no progress is ever shown.
  Progress(ProgressDisplay display, std::string doing, std::uint64_t total)
      : out_(display.out),
        is_terminal_(display.is_terminal),
        doing_(std::move(doing)),
        total_(total) {}

  void advance() { ++done_; }
  void set(std::uint64_t done, std::uint64_t total) {
    done_ = done;
    total_ = total;
  }
  /// Returns the time between two updates of the progress display.
  [[nodiscard]] std::chrono::milliseconds interval() const {
    return std::chrono::milliseconds(is_terminal_ ? 100 : 2000);
  }

  void show() {
    if (total_ == 0) return;
    const std::uint64_t percent = 100 * done_ / total_;
    const std::string count = std::to_string(done_) + " of " + std::to_string(total_);
    if (!is_terminal_) {
      out_ << doing_ << ' ' << count << " (" << percent << " %)" << std::endl;
      return;
    }
    const auto filled = static_cast<std::size_t>(kWidth * done_ / total_);
    const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
    out_ << "\r\033[K[" << bar << "] " << percent << " %  " << count << std::flush;
    drawn_ = true;
  }

  /// Starts the timer without showing anything: the progress is first shown after interval() has
  /// passed.
  void wait_before_first(std::chrono::steady_clock::time_point now) { due_at_ = now + interval(); }

  /// Shows the progress, unless less than interval() has passed since it was last shown.
  void show_when_due(std::chrono::steady_clock::time_point now) {
    if (now < due_at_) return;
    due_at_ = now + interval();
    show();
  }

  /// Removes the progress bar from the terminal, so that other output can follow.
  void clear() {
    if (drawn_) out_ << "\r\033[K" << std::flush;
    drawn_ = false;
  }

 private:
  static constexpr std::size_t kWidth = 40;

  std::ostream& out_;
  bool is_terminal_;
  std::string doing_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point due_at_{};
  bool drawn_ = false;
};

}  // namespace couponhook::base
