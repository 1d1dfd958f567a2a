#pragma once

/// \file
/// toml++, made safe against malformed files. Include this, never toml++ itself.
///
/// toml++ asserts in places that a malformed file reaches, and where assertions are compiled out it
/// goes on into what it took for unreachable. Here a failed assertion is a refusal of the file.

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace couponhook::server {

/// Thrown instead of a failed assertion of toml++; parse_toml() catches it.
struct TomlAssertionFailed {};

[[noreturn]] inline void fail_toml_assertion() {
  throw TomlAssertionFailed{};
}

}  // namespace couponhook::server

// With NDEBUG, toml++ would undefine this and tell the compiler to rely on what it asserts.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition)                         \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::couponhook::server::fail_toml_assertion())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace couponhook::server {

/// What is wrong with a TOML file.
struct TomlFault {
  std::size_t line;  ///< from 1
  std::string message;
};

/// Parses a file's content. Beyond TOML it accepts ${NAME} without quotes where a value stands, and
/// reads it as the string "${NAME}".
/// \return the first thing that is wrong, whatever the bytes are.
[[nodiscard]] boost::system::result<toml::table, TomlFault> parse_toml(std::string_view content);

}  // namespace couponhook::server
