#pragma once

/// \file
/// Finds what needs a person in a snapshot of the service's state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/alert/alert_facts.hpp"
#include "server/config/alert_config.hpp"

namespace couponhook::server {

/// Kinds of causes, the most urgent first: messages list them in this order.
enum class CauseKind : std::uint8_t {
  kNotReady,
  kQuarantine,
  kUnknownSerials,
  kKeysEnd,
  kCertificateEnds,
  kDeadDeliveries,
  kBacklog,
  kReloadRefused,
  kPause,
};
inline constexpr std::size_t kCauseKinds = 9;

/// Returns the kind's name in JSON and in the log.
[[nodiscard]] std::string_view to_string(CauseKind kind);

/// One thing that needs a person.
struct Cause {
  CauseKind kind = CauseKind::kNotReady;
  /// Tells causes of one kind apart: a handler, a merchant, a listener, a reload unit or the number
  /// of a pause; empty if there is only one.
  std::string subject{};
  /// Number of deliveries, bodies or requests; 0 if there is nothing to count.
  std::int64_t count = 0;
  /// True if there may be more than `count`.
  bool count_is_least = false;
  /// Time of the fact, in milliseconds since the Unix epoch: of the oldest delivery, of the pause,
  /// or of the end of a certificate.
  std::optional<std::int64_t> time_ms{};
  /// Name for people if `subject` is none: the handler of a pause.
  std::string label{};
  /// Texts that describe the cause: serials, reasons, an error.
  std::vector<std::string> details{};
};

/// Tells whether all causes of one kind are known.
enum class CauseKnowledge : std::uint8_t {
  kComplete,  ///< a cause that was not found is not there
  kPartial,   ///< a cause that was not found may be there all the same
  kNotOurs,   ///< another replica tells about the causes of this kind
};

struct FoundCauses {
  std::vector<Cause> causes;
  std::array<CauseKnowledge, kCauseKinds> knowledge{};

  [[nodiscard]] CauseKnowledge about(CauseKind kind) const {
    return knowledge[static_cast<std::size_t>(kind)];
  }
};

/// Returns the causes that the thresholds of an [[alert]] make of the facts.
[[nodiscard]] FoundCauses find_causes(const AlertFacts& facts, const AlertConfig& thresholds);

}  // namespace couponhook::server
