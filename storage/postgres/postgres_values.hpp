#pragma once

/// \file
/// Converts statement parameters and result values to and from PostgreSQL's binary format: text and
/// bytes are unchanged, integers are big-endian.

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "storage/connection.hpp"

struct pg_result;

namespace couponhook::storage {

/// Number by which libpq marks a parameter or result in binary format (0 would be text).
inline constexpr int kPostgresBinary = 1;

/// Statement parameters in the form that libpq needs. Holds pointers into the original parameters,
/// which must live as long as this object.
class PostgresParameters {
 public:
  explicit PostgresParameters(std::span<const Parameter> parameters);
  PostgresParameters(const PostgresParameters&) = delete;
  PostgresParameters& operator=(const PostgresParameters&) = delete;

  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] const unsigned* types() const { return types_.data(); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }

 private:
  static constexpr std::size_t kMax = Command::kParametersMax;

  void set(std::size_t i, unsigned type, std::string_view value);

  int count_;
  std::array<unsigned, kMax> types_{};
  std::array<const char*, kMax> values_{};
  std::array<int, kMax> lengths_{};
  std::array<int, kMax> formats_{};
  std::array<std::array<char, 8>, kMax> integers_{};
  std::array<std::string, kMax> repaired_;
};

/// Reads the rows of a PostgreSQL result into `rows`. Overwrites the old content of `rows`, to
/// reuse its memory.
/// \return a failure if a column has a type that the store's statements never return.
[[nodiscard]] Connection::Result<void> read_rows(const pg_result* answer, Rows& rows);

}  // namespace couponhook::storage
