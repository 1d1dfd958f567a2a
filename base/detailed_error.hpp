#pragma once

/// \file
/// An error that has a code, for callers that branch on it, and a message with details, for users.

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::base {

/// Replaces each "{}" in a message by the next detail. A "{}" inside a detail stays as it is.
[[nodiscard]] std::string fill_in(std::string_view message, std::span<const std::string> details);

/// An error code with the details of its message, such as a path or the system's error.
///
/// `Code` is an enum class with a function describe(Code) in the same namespace. It returns the
/// message for each enumerator, in which "{}" stands for a detail.
template <typename Code>
struct DetailedError {
  /// Makes an error that is no enumerator of `Code`. Needed by boost::system::result::error().
  DetailedError() = default;

  /// \param texts the details, in the order of the "{}" in the message.
  // NOLINTNEXTLINE(google-explicit-constructor): implicit, so that a function can return a code.
  DetailedError(Code error, std::convertible_to<std::string> auto... texts)
      : code(error), details{std::move(texts)...} {}

  /// Returns the message for the user.
  [[nodiscard]] std::string text() const { return fill_in(describe(code), details); }

  Code code{};
  std::vector<std::string> details;
};

}  // namespace couponhook::base
