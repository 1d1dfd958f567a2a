#pragma once

/// \file
/// A problem in the configuration or its files, described for the user who has to correct it.

#include <string>

namespace couponhook::base {

/// A problem in the configuration or its files: its place, its cause and its repair.
struct Problem {
  /// Place of the problem: file, and key or line, such as "couponhook.toml: listener.port".
  std::string where;
  std::string message;  ///< message for the user: the cause of the problem and its repair
  /// The part of the configuration that is not loaded because of this problem, such as "listener"
  /// or "handler:NAME" (all names: reload_units.hpp). Empty if nothing of the configuration is
  /// loaded.
  std::string unit{};
};

}  // namespace couponhook::base
