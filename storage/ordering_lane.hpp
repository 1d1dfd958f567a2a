#pragma once

/// \file
/// Computes the ordering lane of a delivery. A lane is the deliveries of one handler with one
/// ordering key (a coupon): they are made one at a time, in order.

#include <cstdint>
#include <string_view>

namespace couponhook::storage {

/// Hashes a handler's name and an ordering key (a coupon) into the number of their ordering lane,
/// so that the database indexes that keep the order hold numbers instead of texts. Two keys may get
/// the same number: their deliveries then wait for each other without need, which does no harm. The
/// database holds these numbers: never change the hash function.
/// \return the number of the lane.
[[nodiscard]] inline std::int64_t lane_of(std::string_view handler, std::string_view ordering_key) {
  // The hash function is FNV-1a with 64 bits.
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  const auto mix = [&hash](unsigned char byte) { hash = (hash ^ byte) * 1'099'511'628'211U; };
  for (const char c : handler) mix(static_cast<unsigned char>(c));
  mix(0);
  for (const char c : ordering_key) mix(static_cast<unsigned char>(c));
  return static_cast<std::int64_t>(hash);
}

}  // namespace couponhook::storage
