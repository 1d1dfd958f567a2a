#pragma once

/// \file
/// Environment variables, as far as the configuration uses them.

#include <concepts>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "base/problem.hpp"

namespace couponhook::server {

/// The environment variables that a configuration can use. Tests make an environment of their own
/// from a function. Thread-safe as far as the functions are; the process's environment is, because
/// the program never changes it.
class Environment {
 public:
  using Lookup = std::function<std::optional<std::string>(std::string_view)>;
  using Names = std::function<std::vector<std::string>()>;

  /// \param lookup returns the value of a variable, or nothing if the variable is not set.
  template <std::invocable<std::string_view> F>
  requires(!std::same_as<std::remove_cvref_t<F>, Environment>)
      // NOLINTNEXTLINE(google-explicit-constructor): tests pass a lambda as an environment
      Environment(F&& lookup)
      : lookup_(std::forward<F>(lookup)) {}
  /// \param names returns the names of all variables that are set.
  Environment(Lookup lookup, Names names) : lookup_(std::move(lookup)), names_(std::move(names)) {}

  [[nodiscard]] std::optional<std::string> operator()(std::string_view name) const {
    return lookup_(name);
  }
  /// Returns the names of all variables that override a key of the configuration file: those that
  /// begin with COUPONHOOK_ and contain two underscores in a row.
  [[nodiscard]] std::vector<std::string> overrides() const;

 private:
  Lookup lookup_;
  Names names_;
};

/// Returns the environment variables of this process.
[[nodiscard]] Environment process_environment();

/// Finds the configuration file: the file given with --config, else the one that $COUPONHOOK_CONFIG
/// names, else ./couponhook.toml, else /etc/couponhook/couponhook.toml.
/// \param given value of --config; empty if the option is not given.
/// \return the path, which exists only if it was searched for; a problem that names all places if
///   there is no file.
[[nodiscard]] boost::system::result<std::filesystem::path, base::Problem> find_config_file(
    const std::filesystem::path& given, const Environment& environment);

}  // namespace couponhook::server
