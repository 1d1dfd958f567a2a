#pragma once

/// \file
/// Prints lists as tables on a terminal.

#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::server {

/// Returns the number of terminal columns that a text takes. Chinese, Japanese and Korean
/// characters and emoji take two columns, and combining marks take none. A byte that is not UTF-8
/// takes one.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Table whose columns are as wide as their widest cell, with two blanks between them. Cells are
/// made printable (base/printable.hpp), so that a cell stays on its line and cannot control the
/// terminal.
class Table {
 public:
  explicit Table(std::initializer_list<std::string_view> heading) { add(heading); }

  /// Adds a row to the table.
  /// \param cells texts of the row, as many as the heading has.
  void add(std::initializer_list<std::string_view> cells);

  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace couponhook::server
