#include "storage/postgres/postgres_values.hpp"

#include <string_view>
#include <variant>

#include <libpq-fe.h>

#include "storage/postgres/storable_text.hpp"

namespace couponhook::storage {
namespace {

/// Numbers (OIDs) of PostgreSQL's data types, as in the table pg_type. PostgreSQL never changes
/// these numbers.
namespace type {
constexpr Oid kBool = 16;
constexpr Oid kBytes = 17;
constexpr Oid kName = 19;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kVarchar = 1043;
}  // namespace type

void write_big_endian(std::int64_t value, std::array<char, 8>& bytes) {
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = bytes.size(); i-- > 0; rest >>= 8U) {
    bytes[i] = static_cast<char>(rest & 0xFFU);
  }
}

/// Reads a big-endian integer of 1, 2, 4 or 8 bytes. One byte is a boolean without sign; the longer
/// integers are signed.
/// \return the value of the integer.
std::int64_t read_big_endian(std::string_view bytes) {
  const bool negative = bytes.size() > 1 && (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

bool read_field(Oid column_type, std::string_view value, Field& field) {
  switch (column_type) {
    case type::kBool:
    case type::kInt2:
    case type::kInt4:
    case type::kInt8:
      field = read_big_endian(value);
      return true;
    case type::kBytes:
    case type::kName:
    case type::kText:
    case type::kVarchar:
      if (!std::holds_alternative<std::string>(field)) field.emplace<std::string>();
      std::get<std::string>(field).assign(value);
      return true;
    default:
      return false;
  }
}

}  // namespace

PostgresParameters::PostgresParameters(std::span<const Parameter> parameters)
    : count_(static_cast<int>(parameters.size())) {
  std::size_t i = 0;
  for (const Parameter& parameter : parameters) {
    if (const auto* integer = std::get_if<std::int64_t>(&parameter)) {
      write_big_endian(*integer, integers_[i]);
      set(i, type::kInt8, {integers_[i].data(), integers_[i].size()});
    } else if (const auto* text = std::get_if<std::string_view>(&parameter)) {
      set(i, type::kText, storable_text(*text, repaired_[i]));
    } else if (const auto* bytes = std::get_if<Bytes>(&parameter)) {
      set(i, type::kBytes, bytes->view);
    }
    ++i;
  }
}

void PostgresParameters::set(std::size_t i, unsigned type, std::string_view value) {
  types_[i] = type;
  // An empty text is passed as a pointer to "", because libpq takes a null pointer for NULL.
  values_[i] = value.data() == nullptr ? "" : value.data();
  lengths_[i] = static_cast<int>(value.size());
  formats_[i] = kPostgresBinary;
}

Connection::Result<void> read_rows(const pg_result* answer, Rows& rows) {
  const int columns = PQnfields(answer);
  rows.resize(static_cast<std::size_t>(PQntuples(answer)));
  int row_number = 0;
  for (Row& row : rows) {
    row.resize(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      Field& field = row[static_cast<std::size_t>(column)];
      if (PQgetisnull(answer, row_number, column) != 0) {
        field = nullptr;
        continue;
      }
      const std::string_view value(
          PQgetvalue(answer, row_number, column),
          static_cast<std::size_t>(PQgetlength(answer, row_number, column)));
      if (!read_field(PQftype(answer, column), value, field)) {
        return Failure{FailureCode::kStatement,
                       std::string("column ") + PQfname(answer, column) + " has type number " +
                           std::to_string(PQftype(answer, column)) +
                           ", which no statement gives: please report this"};
      }
    }
    ++row_number;
  }
  return {};
}

}  // namespace couponhook::storage
