#pragma once

/// \file
/// Turns the facts about a set-up into findings for the user.

#include <cstdint>
#include <string>
#include <vector>

#include "server/doctor/facts.hpp"

namespace couponhook::server {

enum class Gravity : std::uint8_t {
  kBlocking,  ///< notifications are lost or refused now
  kSoon,      ///< notifications will be lost or refused
  kAdvice,    ///< notifications arrive, but a setting should be corrected
};
[[nodiscard]] std::string_view to_string(Gravity gravity);  ///< blocking, soon, advice

struct DoctorFinding {
  Gravity gravity;
  std::string name;  ///< stable, for scripts; from a fixed set
  std::string what;
  std::string why;  ///< consequence of the fault
  std::string to_do;
};

/// Finds everything that would keep notifications from arriving. The order is that of a
/// notification's way. A pure function.
[[nodiscard]] std::vector<DoctorFinding> diagnose(const DoctorFacts& facts);

}  // namespace couponhook::server
