#pragma once

/// \file
/// The keys of the configuration file as data. Section makes one Setting for each key that is read,
/// so `config show` and `config schema` have no list of keys of their own.

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace couponhook::server {

enum class SettingKind : std::uint8_t {
  kText,
  kPath,
  kBoolean,
  kInteger,
  kTexts,
  kPaths,
  kTable,    ///< the children are the table's keys
  kTables,   ///< an array of tables; the children are its elements, of the kind kTable
  kTextMap,  ///< a table in which the user chooses the keys; all values are texts
};

/// Where the value of a setting comes from.
enum class SettingOrigin : std::uint8_t { kDefault, kFile, kEnvironment };

using SettingValue = std::variant<std::monostate, bool, std::int64_t, std::string,
                                  std::vector<std::string>, std::map<std::string, std::string>>;

/// One key of the configuration file: its limits, its default and its value.
struct Setting {
  std::string key;
  SettingKind kind = SettingKind::kTable;
  SettingOrigin origin = SettingOrigin::kDefault;
  /// Environment variable that overrides the key.
  std::string variable;
  SettingValue preset;
  SettingValue value;
  /// Smallest and largest number; only for integers without `numbers`.
  std::int64_t least = 0;
  std::int64_t most = 0;
  /// The allowed texts; empty: any text.
  std::vector<std::string> words;
  /// The allowed numbers; empty: those from `least` to `most`.
  std::vector<std::int64_t> numbers;
  /// What the key must be set to; empty if the key is never required.
  std::string help;
  /// A list, so that pointers to children stay valid while children are added.
  std::list<Setting> children;

  /// Returns the child with this key; null if there is none.
  [[nodiscard]] Setting* find(std::string_view child) {
    const auto found = std::ranges::find(children, child, &Setting::key);
    return found == children.end() ? nullptr : &*found;
  }
  [[nodiscard]] const Setting* find(std::string_view child) const {
    return const_cast<Setting*>(this)->find(child);
  }
};

}  // namespace couponhook::server
