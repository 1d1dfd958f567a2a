#pragma once

/// \file
/// How far long work is: a bar on a terminal, plain lines elsewhere.

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

namespace couponhook::base {

/// Where to show it.
struct ProgressDisplay {
  std::ostream& out;
  bool is_terminal;  ///< a bar that redraws itself; else a line every two seconds
};

/// One piece of work. Not thread-safe.
class Progress {
 public:
  /// \param doing what plain lines begin with: "sent".
  /// \param total how much there is to do; 0: nothing is ever shown.
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
  /// How often to show it.
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

  /// Shows nothing before interval() has passed.
  void wait_before_first(std::chrono::steady_clock::time_point now) { due_at_ = now + interval(); }

  /// Shows it unless it was shown less than interval() ago.
  void show_when_due(std::chrono::steady_clock::time_point now) {
    if (now < due_at_) return;
    due_at_ = now + interval();
    show();
  }

  /// Makes room for what is printed next.
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
