#pragma once

/// \file
/// Registry of fuzz targets: functions that must accept any input without a crash. libFuzzer runs
/// the targets with random inputs (CMake preset `fuzz`), and every test run runs them on stored
/// inputs (program fuzz_replay).

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>
#include <vector>

namespace couponhook::fuzz {

struct Target {
  std::string_view name;
  /// Function that processes one fuzz input; the input may contain any bytes.
  void (*run)(std::string_view input);
};

/// Returns the fuzz targets that are linked into this program, in no particular order.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

struct Registration {
  Registration(std::string_view name, void (*run)(std::string_view)) {
    targets().push_back({name, run});
  }
};

/// Ends the program if the condition `holds` is false, so that a broken rule stops the fuzzer in
/// the same way as a memory error.
inline void require(bool holds, std::string_view rule,
                    std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold: %.*s\n", where.file_name(), where.line(),
               static_cast<int>(rule.size()), rule.data());
  std::abort();
}

/// Reads values from the beginning of a fuzz input, so that one input can contain several values.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : rest_(input) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// Returns the next byte of the fuzz input, or 0 at its end.
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  /// Returns the text of the fuzz input up to the next line feed, without the line feed.
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
