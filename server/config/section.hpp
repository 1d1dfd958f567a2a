#pragma once

/// \file
/// Reads one TOML table key by key, and knows afterwards which keys nobody asked for.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/toml.hpp"

namespace couponhook::server {

/// In milliseconds; most periods are at most one.
inline constexpr std::int64_t kHourMs = 3600 * 1000;

/// How many characters have to be added, removed or replaced to make one text out of the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Where problems go and what values are resolved against; shared by all sections of one file.
struct ReadContext {
  std::string file;
  std::filesystem::path directory;
  const Environment& environment;
  std::vector<Problem> problems;

  void report(std::string_view key, std::string message) {
    problems.push_back({file + ": " + std::string(key), std::move(message)});
  }
};

/// One table. Each read function leaves `into` as it is where the key is absent, and reports a
/// problem where the value will not do. ${NAME} in a string is replaced by the environment's value;
/// a number or boolean may be such a string too.
class Section {
 public:
  /// \param table may be null: every key is absent then.
  Section(ReadContext& context, const toml::table* table, std::string name);

  /// Without blanks and characters that take no room at both ends: no address, id or path has them,
  /// and whoever pastes one does not see them.
  void text(std::string_view key, std::string& into);
  void path(std::string_view key, std::filesystem::path& into);
  void boolean(std::string_view key, bool& into);
  template <typename Integer>
  void integer(std::string_view key, Integer& into, std::int64_t least, std::int64_t most) {
    if (const auto value = read_integer(key, least, most)) into = static_cast<Integer>(*value);
  }
  /// One of the allowed numbers.
  /// \param rule which they are, and why.
  void number_of(std::string_view key, unsigned& into, std::initializer_list<unsigned> allowed,
                 std::string_view rule);
  void duration(std::string_view key, milliseconds& into, std::int64_t least, std::int64_t most);
  void texts(std::string_view key, std::vector<std::string>& into);
  /// As texts(), blanks at the ends included: a program's arguments are what they are.
  void raw_texts(std::string_view key, std::vector<std::string>& into);
  void paths(std::string_view key, std::vector<std::filesystem::path>& into);
  /// One of the allowed words.
  void word(std::string_view key, std::string& into,
            std::initializer_list<std::string_view> allowed);

  /// Every key of a table whose keys are the user's own; all values must be strings.
  [[nodiscard]] std::map<std::string, std::string> all_texts();

  /// A table within this one; absent where there is none.
  [[nodiscard]] std::optional<Section> table(std::string_view key);
  /// The tables of an array of tables.
  [[nodiscard]] std::vector<Section> tables(std::string_view key);

  /// Reports that a key which must be there is not, unless more is known of what is wrong with it.
  void require(bool present, std::string_view key, std::string_view what);
  void report(std::string_view key, std::string message);

  /// Reports every key that was not asked for, with the nearest one that exists.
  void refuse_unknown_keys();

  [[nodiscard]] bool has(std::string_view key) const;
  /// Whether something wrong with this key has been reported.
  [[nodiscard]] bool is_at_fault(std::string_view key) const { return at_fault_.contains(key); }

 private:
  const toml::node* find(std::string_view key);
  std::optional<std::int64_t> read_integer(std::string_view key, std::int64_t least,
                                           std::int64_t most);
  std::optional<std::string> read_text(std::string_view key, const toml::node& node);
  /// What a string with ${NAME} in it says of a number or boolean, without blanks around it.
  /// Reports where it cannot be told; `rule` says what would do.
  std::optional<std::string> read_expanded(std::string_view key, const toml::node& node,
                                           std::string_view rule);
  /// The number that a node holds, or that its ${NAME} stands for.
  std::optional<std::int64_t> read_number(std::string_view key, const toml::node& node,
                                          std::string_view rule);
  [[nodiscard]] std::filesystem::path resolve(const std::string& text) const;
  [[nodiscard]] std::string full(std::string_view key) const;

  ReadContext* context_;
  const toml::table* table_;
  std::string name_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> at_fault_;
};

}  // namespace couponhook::server
