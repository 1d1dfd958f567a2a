#pragma once

/// \file
/// From facts to findings.

#include <cstdint>
#include <string>
#include <vector>

#include "server/doctor/facts.hpp"

namespace couponhook::server {

enum class Gravity : std::uint8_t {
  kBlocking,  ///< notifications are lost or refused
  kSoon,      ///< they will be
  kAdvice,    ///< they arrive, and something is not as it should be
};
[[nodiscard]] std::string_view to_string(Gravity gravity);  ///< blocking, soon, advice

struct DoctorFinding {
  Gravity gravity;
  std::string name;  ///< stable, for scripts: a closed set
  std::string what;
  std::string why;  ///< it matters
  std::string to_do;
};

/// Everything that would keep notifications from arriving, in the order of their way. Pure.
[[nodiscard]] std::vector<DoctorFinding> diagnose(const DoctorFacts& facts);

}  // namespace couponhook::server
