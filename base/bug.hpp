#pragma once

/// \file
/// What was thrown and nobody expected.

#include <exception>
#include <string>

namespace couponhook::base {

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
