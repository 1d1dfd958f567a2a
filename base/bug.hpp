#pragma once

/// \file
/// Describes an unexpected exception (a bug in the program) as text for the log.

#include <exception>
#include <string>

namespace couponhook::base {

/// Returns a description of an exception of any type, for the log.
/// \param bug the caught exception; must not be null.
[[nodiscard]] inline std::string describe_exception(const std::exception_ptr& bug) {
  try {
    std::rethrow_exception(bug);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is not an exception was thrown";
  }
}

}  // namespace couponhook::base
