#pragma once

/// \file Makes toml++ safe against malformed files. Include this header, never toml++ itself.
///
/// A malformed file can make an assertion in toml++ fail. Without assertions, toml++ would continue
/// with undefined behaviour. With this header, a failed assertion rejects the file.

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace couponhook::server {

/// Exception that is thrown when an assertion of toml++ fails. parse_toml() catches it.
struct TomlAssertionFailed {};

[[noreturn]] inline void fail_toml_assertion() {
  throw TomlAssertionFailed{};
}

}  // namespace couponhook::server

// Undefine NDEBUG while toml++ is included. With NDEBUG, toml++ would not check TOML_ASSERT, but
// promise the optimizer that the condition holds.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition)                         \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::couponhook::server::fail_toml_assertion())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace couponhook::server {

/// A syntax error in a TOML file.
struct TomlFault {
  /// Number of the line with the error, counted from 1.
  std::size_t line;
  std::string message;
};

/// Parses the content of a TOML file. In addition to TOML, the function accepts ${NAME} without
/// quotes as a value, and reads it as the string "${NAME}".
/// \return the parsed table, or the first error. The function never fails in another way, whatever
///   the bytes are.
[[nodiscard]] boost::system::result<toml::table, TomlFault> parse_toml(std::string_view content);

}  // namespace couponhook::server
