#pragma once

/// \file
/// What goes one after the other.

#include <cstdint>
#include <string_view>

namespace couponhook::storage {

/// A number for a handler and an ordering key, so that the indexes that keep order hold numbers
/// rather than texts. Two keys that share one are delivered one after the other without need, and
/// no harm is done. Stored: never change it.
[[nodiscard]] inline std::int64_t lane_of(std::string_view handler, std::string_view ordering_key) {
  // FNV-1a, 64 bits.
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  const auto mix = [&hash](unsigned char byte) { hash = (hash ^ byte) * 1'099'511'628'211U; };
  for (const char c : handler) mix(static_cast<unsigned char>(c));
  mix(0);
  for (const char c : ordering_key) mix(static_cast<unsigned char>(c));
  return static_cast<std::int64_t>(hash);
}

}  // namespace couponhook::storage
