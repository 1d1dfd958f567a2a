#pragma once

/// \file
/// Random numbers from a fixed seed, for the sandbox (a simulated WeChat Pay): the same seed gives
/// the same sequence of numbers in every run.

#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

namespace couponhook::server::sandbox {

/// Random number generator with a fixed seed. Not thread-safe.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  /// Returns a random bool that is true with a probability of `percent` percent.
  [[nodiscard]] bool happens(double percent) { return percent > 0 && draw() * 100 < percent; }
  /// Returns a random number, at least 0 and less than 1.
  [[nodiscard]] double draw() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

  /// Returns the text `beginning` with random digits after it, `length` characters in total.
  [[nodiscard]] std::string digits(std::string beginning, std::size_t length) {
    while (beginning.size() < length) beginning += static_cast<char>('0' + engine_() % 10);
    return beginning;
  }

  /// Returns a random UUID (version 4). The same seed gives the same UUIDs in every run.
  [[nodiscard]] std::string uuid() {
    const std::uint64_t high = (engine_() & ~0xF000ULL) | 0x4000;
    const std::uint64_t low = (engine_() & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx",
                  static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xFFFF),
                  static_cast<unsigned>(high & 0xFFFF), static_cast<unsigned>(low >> 48),
                  static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFULL));
    return text.data();
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace couponhook::server::sandbox
