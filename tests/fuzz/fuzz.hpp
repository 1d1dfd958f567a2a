#pragma once

/// \file
/// Fuzz targets: functions that accept any input, registered by name. libFuzzer runs them (preset
/// `fuzz`), and fuzz_replay runs them on the stored seeds in every test run.

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>
#include <vector>

namespace couponhook::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);  ///< input may hold any bytes; reading past its end is a bug
};

/// Returns the targets that are linked into this program, in no particular order.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

struct Registration {
  Registration(std::string_view name, void (*run)(std::string_view)) {
    targets().push_back({name, run});
  }
};

/// Ends the program if `holds` is false, so that a broken rule stops the fuzzer like a memory
/// error.
inline void require(bool holds, std::string_view rule,
                    std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold: %.*s\n", where.file_name(), where.line(),
               static_cast<int>(rule.size()), rule.data());
  std::abort();
}

/// Reads values from the front of an input, so that one input can hold several arguments.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : rest_(input) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// Returns the next byte, or 0 at the end of the input.
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  /// Returns the text up to the next line feed, and drops the line feed.
  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view text = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return text;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace couponhook::fuzz
