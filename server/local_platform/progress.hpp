#pragma once

/// \file
/// Private to this folder: how far the sending is.

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace couponhook::server {

class Progress {
 public:
  Progress(std::ostream& out, bool is_terminal, std::uint64_t total)
      : out_(out), is_terminal_(is_terminal), total_(total) {}

  void advance() { ++done_; }
  /// How often to show it.
  [[nodiscard]] std::chrono::milliseconds interval() const {
    return std::chrono::milliseconds(is_terminal_ ? 100 : 2000);
  }

  void show() {
    if (total_ == 0) return;
    const std::uint64_t percent = 100 * done_ / total_;
    const std::string count = std::to_string(done_) + " of " + std::to_string(total_);
    if (!is_terminal_) {
      out_ << "sent " << count << " (" << percent << " %)" << std::endl;
      return;
    }
    const auto filled = static_cast<std::size_t>(kWidth * done_ / total_);
    const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
    out_ << "\r\033[K[" << bar << "] " << percent << " %  " << count << std::flush;
    drawn_ = true;
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
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  bool drawn_ = false;
};

}  // namespace couponhook::server
