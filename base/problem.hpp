#pragma once

/// \file
/// Describes a problem in the configuration or its files, for the user who has to correct it.

#include <string>

namespace couponhook::base {

/// A problem in the configuration or its files: where it is, its cause, and how to repair it.
struct Problem {
  /// Place of the problem: the file, and the key or line in the file, such as "couponhook.toml:
  /// listener.port".
  std::string where;
  std::string message;  ///< message for the user: the cause of the problem and how to repair it
  /// The part of the configuration that is not loaded because of this problem, such as "listener"
  /// or "handler:NAME" (reload_units.hpp lists all names). Empty if the whole configuration is
  /// refused.
  std::string unit{};
};

}  // namespace couponhook::base
