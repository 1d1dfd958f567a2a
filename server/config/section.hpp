#pragma once

/// \file
/// Reads one table of a TOML file key by key, and reports unknown keys.

#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/settings.hpp"
#include "server/config/similar_word.hpp"
#include "server/config/toml.hpp"

namespace couponhook::server {

/// One hour in milliseconds: the longest value of most settings that are durations.
inline constexpr std::int64_t kHourMs = 3600 * 1000;

/// Objects that all tables of one configuration file share while the file is read: the file name,
/// the folder for relative paths, the environment variables, and the list of problems.
struct ReadContext {
  std::string file;
  std::filesystem::path directory;
  const Environment& environment;
  std::vector<Problem> problems;
  /// True: no file is read, only the keys are wanted. Then every table exists, and every array of
  /// tables has an element.
  bool describes = false;
  /// The top table: all keys that were read.
  Setting settings;
  /// Names of the variables that override a key, whether they are set or not.
  std::set<std::string, std::less<>> known_variables;
  /// Values of keys that the environment overrides: strings such as "${COUPONHOOK_ADMIN__PORT}".
  std::list<toml::value<std::string>> overrides;

  void report(std::string_view key, std::string message) {
    problems.push_back({file + ": " + std::string(key), std::move(message)});
  }

  /// Reports each variable COUPONHOOK_SECTION__KEY that overrides no key.
  void refuse_unknown_variables();
};

/// One TOML table. An environment variable COUPONHOOK_SECTION__KEY that is set takes the place of
/// the key in the file. If a key is absent, the read function leaves its variable `into` unchanged.
/// If the value is invalid, the function adds a problem to the list of problems. ${NAME} in a
/// string is replaced by the value of the environment variable; a number or a boolean may also be
/// given as such a string.
class Section {
 public:
  /// Makes an object that reads the top table of a file. The context must outlive the object.
  Section(ReadContext& context, const toml::table& root);

  /// Reads a string, and removes blanks and invisible characters at both ends. No address, id or
  /// path has such characters, and a user who pastes them does not see them.
  void text(std::string_view key, std::string& into);
  void path(std::string_view key, std::filesystem::path& into);
  void boolean(std::string_view key, bool& into);
  template <typename Integer>
  void integer(std::string_view key, Integer& into, std::int64_t least, std::int64_t most) {
    if (const auto value = read_integer(key, static_cast<std::int64_t>(into), least, most))
      into = static_cast<Integer>(*value);
  }
  /// Reads a number that must be one of the numbers in `allowed`.
  /// \param rule text for the error message: which numbers are allowed, and why.
  void number_of(std::string_view key, unsigned& into, std::initializer_list<unsigned> allowed,
                 std::string_view rule);
  void duration(std::string_view key, milliseconds& into, std::int64_t least, std::int64_t most);
  void texts(std::string_view key, std::vector<std::string>& into);
  /// Reads a list of strings like texts(), but keeps blanks at the ends of each string: the
  /// arguments of a program must not change.
  void raw_texts(std::string_view key, std::vector<std::string>& into);
  void paths(std::string_view key, std::vector<std::filesystem::path>& into);
  /// Reads a string that must be one of the words in `allowed`.
  void word(std::string_view key, std::string& into,
            std::initializer_list<std::string_view> allowed);

  /// Returns all keys and values of a table in which the user chooses the keys. All values must be
  /// strings.
  /// \param joint character in keys that environment variables write as "_".
  [[nodiscard]] std::map<std::string, std::string> all_texts(char joint);

  /// Returns the table that is the value of the key `key`; nothing if the key is absent.
  [[nodiscard]] std::optional<Section> table(std::string_view key);
  /// Like table(), but returns a table without keys if the key is absent.
  [[nodiscard]] Section table_or_empty(std::string_view key);
  /// Returns the tables of an array of tables, such as [[handler]]; an empty list if the key is
  /// absent.
  [[nodiscard]] std::vector<Section> tables(std::string_view key);

  /// Reports that the key `key` is missing, unless `present` is true or another problem of the same
  /// key was already reported.
  void require(bool present, std::string_view key, std::string_view what);
  void report(std::string_view key, std::string message);
  /// Sets the value that `config show` prints for a key that was read, where another setting
  /// changed it.
  void amend(std::string_view key, SettingValue value);

  /// Reports every key of the table that no read function has asked for, together with the known
  /// key that is most similar.
  void refuse_unknown_keys();

  [[nodiscard]] bool has(std::string_view key) const;
  /// Returns true if a problem of the key `key` was already reported.
  [[nodiscard]] bool is_at_fault(std::string_view key) const { return at_fault_.contains(key); }

 private:
  Section(ReadContext& context, const toml::table* table, std::string name, std::string variable,
          Setting& setting);

  /// Adds the setting of a key to the settings of this table.
  /// \param preset the default value.
  Setting& declare(std::string_view key, SettingKind kind, SettingValue preset);
  /// Returns the key's value in the file, or the environment variable that overrides it; null if
  /// the key is absent.
  const toml::node* find(std::string_view key, Setting& setting);
  [[nodiscard]] std::string variable_of(std::string_view key) const;
  /// Returns true if a variable is set whose name begins with `start`.
  [[nodiscard]] bool any_override(const std::string& start) const;
  std::optional<std::int64_t> read_integer(std::string_view key, std::int64_t preset,
                                           std::int64_t least, std::int64_t most);
  /// Reads a list that is written as a string with ${NAME}: a TOML array of strings, or texts
  /// separated by commas.
  std::optional<std::vector<std::string>> read_list(std::string_view key, const toml::node& node);
  void read_texts(std::string_view key, std::vector<std::string>& into, Setting& setting);
  std::optional<std::string> read_text(std::string_view key, const toml::node& node);
  /// Returns the text of a number or boolean that is written as a string with ${NAME}, without
  /// blanks at the ends. Reports a problem if the value is not such a string.
  /// \param rule text for the error message: which values are valid.
  std::optional<std::string> read_expanded(std::string_view key, const toml::node& node,
                                           std::string_view rule);
  /// Returns the number in a TOML node, or the number to which its ${NAME} expands. Reports a
  /// problem if the node has no number.
  std::optional<std::int64_t> read_number(std::string_view key, const toml::node& node,
                                          std::string_view rule);
  [[nodiscard]] std::filesystem::path resolve(const std::string& text) const;
  [[nodiscard]] std::string full(std::string_view key) const;

  ReadContext* context_;
  const toml::table* table_;
  std::string name_;
  /// Name of the environment variable for this table, such as COUPONHOOK_LISTENER; followed by "__"
  /// and the key.
  std::string variable_;
  Setting* setting_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> at_fault_;
};

}  // namespace couponhook::server
