#pragma once

/// \file
/// Converts C++ values to parameters of SQL statements, and fields of query results to C++ values.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
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

/// \return the smallest integer in the first column of a query result; nothing if the result has no
/// rows.
[[nodiscard]] inline std::optional<std::int64_t> least(const Rows& rows) {
  std::optional<std::int64_t> found;
  for (const Row& row : rows) {
    const std::int64_t value = integer(row[0]);
    found = std::min(value, found.value_or(value));
  }
  return found;
}

/// \return a statement parameter with this text; NULL if the text is empty.
[[nodiscard]] inline Parameter text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return text;
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
