#pragma once

/// \file
/// Values in and out of statements.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

[[nodiscard]] inline Bytes as_bytes(const Digest& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

[[nodiscard]] inline std::int64_t integer(const Field& field) {
  return std::get<std::int64_t>(field);
}

/// Moves the text out.
[[nodiscard]] inline std::string take_text(Field& field) {
  return std::move(std::get<std::string>(field));
}

}  // namespace couponhook::storage
