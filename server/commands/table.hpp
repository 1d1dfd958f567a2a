#pragma once

/// \file
/// Lists in columns, for people.

#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::server {

/// How many columns of a terminal a text takes: Chinese, Japanese and Korean characters and emoji
/// take two, combining marks none, a byte that is not UTF-8 one.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Rows whose columns are as wide as their widest cell, two blanks apart. A cell stays on its line
/// and cannot command the terminal: each control character is shown as a blank.
class Table {
 public:
  explicit Table(std::initializer_list<std::string_view> heading) { add(heading); }

  /// \param cells as many as the heading has.
  void add(std::initializer_list<std::string_view> cells);

  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace couponhook::server
