#include "server/config/environment.hpp"

#include <array>
#include <cstdlib>
#include <system_error>

#include <unistd.h>

namespace couponhook::server {
namespace {

constexpr std::string_view kOverridePrefix = "COUPONHOOK_";
constexpr std::string_view kFileVariable = "COUPONHOOK_CONFIG";
constexpr std::array<std::string_view, 2> kUsualFiles = {"couponhook.toml",
                                                         "/etc/couponhook/couponhook.toml"};

using Found = boost::system::result<std::filesystem::path, base::Problem>;

}  // namespace

std::vector<std::string> Environment::overrides() const {
  std::vector<std::string> found;
  if (!names_) return found;
  for (std::string& name : names_()) {
    const bool is_override =
        name.starts_with(kOverridePrefix) &&
        std::string_view(name).substr(kOverridePrefix.size()).find("__") != std::string_view::npos;
    if (is_override) found.push_back(std::move(name));
  }
  return found;
}

Environment process_environment() {
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  const auto names = [] {
    std::vector<std::string> all;
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      all.emplace_back(text.substr(0, text.find('=')));
    }
    return all;
  };
  return {Environment::Lookup(lookup), Environment::Names(names)};
}

boost::system::result<std::filesystem::path, base::Problem> find_config_file(
    const std::filesystem::path& given, const Environment& environment) {
  const auto found = [](std::filesystem::path path) {
    return Found(boost::system::in_place_value, std::move(path));
  };
  if (!given.empty()) return found(given);
  const auto named = environment(kFileVariable);
  if (named && !named->empty()) {
    std::error_code ec;
    if (std::filesystem::exists(*named, ec)) return found(*named);
    return base::Problem{*named, "named by $" + std::string(kFileVariable) + ", does not exist" +
                                     (ec ? " (" + ec.message() + ")" : std::string()) +
                                     "; correct the variable or use --config FILE"};
  }
  std::string tried = "$" + std::string(kFileVariable) + " (not set)";
  for (const std::string_view usual : kUsualFiles) {
    std::error_code ec;
    if (std::filesystem::exists(usual, ec)) return found(usual);
    tried += ", " + std::string(usual.front() == '/' ? "" : "./") + std::string(usual);
    if (ec) tried += " (" + ec.message() + ")";
  }
  return base::Problem{"configuration", "found no file; tried " + tried +
                                            "; name one with --config FILE, or make a local one "
                                            "with `couponhook init DIR`"};
}

}  // namespace couponhook::server
