#pragma once

/// \file
/// What is wrong with a set-up, for the user who has to correct it.

#include <string>

namespace couponhook::base {

/// A problem in a set-up: the place, the cause and the repair.
struct Problem {
  std::string where;    ///< file, and key or line: "couponhook.toml: listener.port"
  std::string message;  ///< cause and repair
  /// The part of the set-up that is not loaded because of the problem, named as in
  /// reload_units.hpp; empty: the whole set-up.
  std::string unit{};
};

}  // namespace couponhook::base
