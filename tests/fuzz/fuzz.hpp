#pragma once

/// \file
/// A fuzz target: a function of any input, registered by name. Run by libFuzzer (preset `fuzz`),
/// and by fuzz_replay over the kept seeds in every test run.

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>
#include <vector>

namespace couponhook::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);  ///< input may hold any bytes; reading beyond it is a bug
};

/// The targets that are linked into this program, in no particular order.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

struct Registration {
  Registration(std::string_view name, void (*run)(std::string_view)) {
    targets().push_back({name, run});
  }
};

/// Ends the program where a rule does not hold, as a sanitizer does for memory.
inline void require(bool holds, std::string_view rule,
                    std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold: %.*s\n", where.file_name(), where.line(),
               static_cast<int>(rule.size()), rule.data());
  std::abort();
}

/// Takes values off the front of an input, so that one input can stand for several arguments.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : rest_(input) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// 0 where nothing is left.
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  /// Everything up to the next line end, which is dropped.
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
