#pragma once

/// \file
/// Ordering lane of a delivery: the deliveries of one lane are made one at a time, in order.

#include <cstdint>
#include <string_view>

namespace couponhook::storage {

/// Hashes a handler and an ordering key into the number of their lane, so that the indexes that
/// keep the order hold numbers instead of texts. Two keys may get the same number: their deliveries
/// then wait for each other without need, which does no harm. The database holds these numbers:
/// never change the hash function.
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
