#pragma once

/// \file
/// Text of an unexpected exception, for the log.

#include <exception>
#include <string>

namespace couponhook::base {

/// Describes an exception of any type.
/// \param bug must not be null.
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
