#pragma once

/// \file
/// Finds the change that made the signature of a request wrong, by undoing known changes until the
/// signature is right.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/platform_keys.hpp"
#include "server/repair/damage.hpp"
#include "server/repair/signed_message.hpp"

namespace couponhook::server {

/// Amount of work for the search.
enum class RepairEffort : std::uint8_t {
  /// One change of the body; at most about 300 digests, and a few ms of CPU for a body of 64 KiB.
  kQuick,
  /// Also two changes of the body, and every order of the JSON members: up to some seconds of CPU.
  kThorough
};

struct RepairLimits {
  RepairEffort effort = RepairEffort::kThorough;
  std::size_t body_bytes_max = 2U << 20U;  ///< longer bodies are not searched
  /// Number of bytes of candidates after which the search ends: one or two seconds of CPU.
  std::size_t searched_bytes_max = 1U << 30U;
};

/// A repaired message, whose signature is right.
struct Repair {
  SignedMessage message;
  std::vector<FoundDamage> damages;  ///< the changes that were undone; empty if nothing was wrong
};

/// Result of the search.
struct RepairSearch {
  std::optional<Repair> repair;
  /// Serial of the platform key that made the signature; empty if no known key made it. If this is
  /// set, WeChat Pay made the signature, and the message was changed afterwards.
  std::string signer;
  /// The most likely change if no repair was found.
  FoundDamage unrepaired;
};

/// Searches for the change that made the signature wrong. Each candidate costs one SHA-256 digest,
/// because the signed digest is recovered from the signature once. Pure; thread-safe.
/// \param keys the platform keys that may have made the signature, including expired ones.
[[nodiscard]] RepairSearch find_repair(const crypto::PlatformKeys& keys,
                                       const SignedMessage& message, const RepairLimits& limits);

/// Describes changes in one English sentence, such as "a trailing newline was added to the body
/// (LF)".
[[nodiscard]] std::string describe(const std::vector<FoundDamage>& damages);

}  // namespace couponhook::server
