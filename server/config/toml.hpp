#pragma once

/// \file
/// Makes toml++ safe against malformed files. Include this header, never toml++ itself.
///
/// A malformed file can make an assertion in toml++ fail. Without assertions, toml++ would continue
/// with undefined behaviour. Here a failed assertion rejects the file.

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace couponhook::server {

/// Thrown in place of a failed assertion of toml++; parse_toml() catches it.
struct TomlAssertionFailed {};

[[noreturn]] inline void fail_toml_assertion() {
  throw TomlAssertionFailed{};
}

}  // namespace couponhook::server

// NDEBUG is undefined for toml++. With NDEBUG, toml++ would replace TOML_ASSERT by a promise to the
// optimizer that the condition holds.
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
  std::size_t line;  ///< line number, from 1
  std::string message;
};

/// Parses a file's content. In addition to TOML, it accepts ${NAME} without quotes as a value, and
/// reads it as the string "${NAME}".
/// \return the first error; never fails in another way, whatever the bytes are.
[[nodiscard]] boost::system::result<toml::table, TomlFault> parse_toml(std::string_view content);

}  // namespace couponhook::server
