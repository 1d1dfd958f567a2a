#pragma once

/// \file
/// Turns the facts about a set-up (configuration, certificates, WeChat Pay's settings, running
/// service) into findings for the user of `doctor`.

#include <cstdint>
#include <string>
#include <vector>

#include "server/doctor/facts.hpp"

namespace couponhook::server {

enum class FindingSeverity : std::uint8_t {
  kBlocking,  ///< because of the fault, notifications are lost or refused now
  kSoon,      ///< because of the fault, notifications will be lost or refused in the future
  kAdvice,    ///< notifications arrive, but the user should correct a setting
};
/// Returns the name of a finding's gravity: "blocking", "soon" or "advice".
[[nodiscard]] std::string_view to_string(FindingSeverity severity);

struct DoctorFinding {
  FindingSeverity severity;
  /// Name of the finding, for scripts. The set of names is fixed, and a name does not change
  /// between releases.
  std::string name;
  std::string what;
  /// Consequence of the fault for the user.
  std::string why;
  std::string to_do;
};

/// Finds all faults that would keep notifications from arriving. The findings are in the order in
/// which the faults affect a notification on its way. A pure function, which opens no files and
/// makes no calls.
[[nodiscard]] std::vector<DoctorFinding> diagnose(const DoctorFacts& facts);

}  // namespace couponhook::server
