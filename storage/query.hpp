#pragma once

/// \file
/// SQL queries whose result rows are read into structures, column by column.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storage/connection.hpp"
#include "storage/dialect.hpp"
#include "storage/records.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {

/// One column of a query: the SQL expression in the SELECT list, and the member of `T` that its
/// value is read into. NULL is read as an empty text, as false, or as an empty optional; an integer
/// that is not optional must not be NULL.
template <typename T>
struct Column {
  std::string_view expression;
  std::variant<std::int64_t T::*, std::optional<std::int64_t> T::*, bool T::*, std::string T::*,
               Digest T::*>
      member;
};

/// \return a list of columns that several queries share.
template <typename T, std::size_t count>
[[nodiscard]] constexpr std::array<Column<T>, count> columns(Column<T> (&&list)[count]) {
  return std::to_array(std::move(list));
}

/// An SQL query with more than one column, whose rows are read as values of type `T`.
///
/// The list of columns is the only place that knows their order: it replaces {columns} in the SQL
/// text, and read() goes through the same list. So a column that is added or moved cannot shift the
/// others.
template <typename T>
class Query : public Statement {
 public:
  using List = std::span<const Column<T>>;

  /// \param pattern SQL text with the placeholder {columns}.
  Query(std::string_view pattern, std::initializer_list<Column<T>> columns)
      : Query(pattern, {}, List(columns.begin(), columns.end())) {}
  /// For queries that share columns with other queries.
  Query(std::string_view pattern, List shared, std::initializer_list<Column<T>> others)
      : Query(pattern, shared, List(others.begin(), others.end())) {}
  Query(std::string_view pattern, List first, List second = {})
      : columns_(first.begin(), first.end()), complete_text_(pattern) {
    columns_.insert(columns_.end(), second.begin(), second.end());
    replace_all(complete_text_, "{columns}", select_list());
    text = complete_text_;
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Moves the values out of a result row of this query.
  [[nodiscard]] T read(Row& row) const {
    if (row.size() != columns_.size()) throw std::logic_error("a row has unknown columns");
    T value{};
    auto field = row.begin();
    for (const Column<T>& column : columns_) {
      std::visit([&](auto member) { move_to(value.*member, *field); }, column.member);
      ++field;
    }
    return value;
  }
  /// \return the first row of a result; nothing if the result has no rows.
  [[nodiscard]] std::optional<T> read_first(Rows& rows) const {
    if (rows.empty()) return std::nullopt;
    return read(rows[0]);
  }
  [[nodiscard]] std::vector<T> read_all(Rows& rows) const {
    std::vector<T> values;
    values.reserve(rows.size());
    for (Row& row : rows) values.push_back(read(row));
    return values;
  }

 private:
  [[nodiscard]] std::string select_list() const {
    std::string list;
    for (const Column<T>& column : columns_) {
      if (!list.empty()) list += ", ";
      list += column.expression;
    }
    return list;
  }

  static void move_to(std::int64_t& value, Field& field) { value = integer(field); }
  static void move_to(std::optional<std::int64_t>& value, Field& field) {
    value = optional_integer(field);
  }
  static void move_to(bool& value, Field& field) { value = !is_null(field) && integer(field) != 0; }
  // If this function is inlined, GCC 12 wrongly reports, for a structure `T` without a text, that
  // the text lies outside of the structure. So it must not be inlined.
  [[gnu::noinline]] static void move_to(std::string& value, Field& field) {
    value = take_optional_text(field);
  }
  static void move_to(Digest& value, Field& field) {
    const auto& bytes = std::get<std::string>(field);
    std::copy_n(bytes.begin(), std::min(bytes.size(), value.size()), value.begin());
  }

  std::vector<Column<T>> columns_;
  std::string complete_text_;
};

}  // namespace couponhook::storage
