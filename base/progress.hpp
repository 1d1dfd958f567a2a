#pragma once

/// \file
/// Shows the progress of long work: as a bar on a terminal, else as plain lines.

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

namespace couponhook::base {

/// The output stream on which the progress is shown.
struct ProgressDisplay {
  std::ostream& out;
  /// True: the progress is one bar that is redrawn; false: a new line every two seconds.
  bool is_terminal;
};

/// Progress of one piece of work. Not thread-safe.
class Progress {
 public:
  /// \param doing first word of a plain progress line, for example "sent".
  /// \param total amount of work, in steps; 0: never show any progress.
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

  /// Delays the first display of the progress until interval() has passed.
  void wait_before_first(std::chrono::steady_clock::time_point now) { due_at_ = now + interval(); }

  /// Shows the progress unless it was shown less than interval() ago.
  void show_when_due(std::chrono::steady_clock::time_point now) {
    if (now < due_at_) return;
    due_at_ = now + interval();
    show();
  }

  /// Removes the progress bar, so that other output can follow.
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
