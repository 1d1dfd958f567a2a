#pragma once

/// \file
/// Text of an unexpected exception (a bug), for the log.

#include <exception>
#include <string>

namespace couponhook::base {

/// Returns the text of an exception of any type, for the log.
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
