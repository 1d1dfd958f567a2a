#pragma once

/// \file
/// Converts C++ values to parameters of SQL statements, and fields of query results to C++ values.
/// Results with more than one column are read through query.hpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

[[nodiscard]] inline Bytes as_bytes(const Digest& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

[[nodiscard]] inline Bytes as_bytes(const OpenidDigest& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

[[nodiscard]] inline std::int64_t integer(const Field& field) {
  return std::get<std::int64_t>(field);
}

[[nodiscard]] inline bool is_null(const Field& field) {
  return std::holds_alternative<std::nullptr_t>(field);
}

[[nodiscard]] inline std::optional<std::int64_t> optional_integer(const Field& field) {
  if (is_null(field)) return std::nullopt;
  return integer(field);
}

/// \return the field of a row that has one column. Throws if the row has more columns, because the
/// statement must then be a Query, which knows their order.
template <typename AnyRow>
[[nodiscard]] auto& only_field(AnyRow& row) {
  if (row.size() != 1) throw std::logic_error("a row has more than one column");
  return row[0];
}

/// \return the integer in the one row and column of a query result.
[[nodiscard]] inline std::int64_t only_integer(const Rows& rows) {
  return integer(only_field(rows.at(0)));
}

/// \return the integer in the only column of the first row; nothing if the result has no rows.
[[nodiscard]] inline std::optional<std::int64_t> first_integer(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return integer(only_field(rows[0]));
}

/// \return the smallest integer in the only column of a query result; nothing if the result has no
/// rows.
[[nodiscard]] inline std::optional<std::int64_t> least(const Rows& rows) {
  std::optional<std::int64_t> found;
  for (const Row& row : rows) {
    const std::int64_t value = integer(only_field(row));
    found = std::min(value, found.value_or(value));
  }
  return found;
}

/// \return a statement parameter with this text; NULL if the text is empty.
[[nodiscard]] inline Parameter text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return text;
}

/// \return a statement parameter with this number; NULL if there is none.
[[nodiscard]] inline Parameter integer_or_null(std::optional<std::int64_t> number) {
  if (!number) return nullptr;
  return *number;
}

/// Moves the text out of a field of a query result. The field must not be NULL.
/// \return the text of the field.
[[nodiscard]] inline std::string take_text(Field& field) {
  return std::move(std::get<std::string>(field));
}

/// Moves the text out of a field of a query result.
/// \return the text of the field; an empty text if the field is NULL.
[[nodiscard]] inline std::string take_optional_text(Field& field) {
  return is_null(field) ? std::string() : take_text(field);
}

}  // namespace couponhook::storage
