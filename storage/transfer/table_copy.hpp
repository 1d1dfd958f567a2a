#pragma once

/// \file
/// Reads the tables of a store row by row in the order of their keys, and writes the rows to
/// another database.

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

struct CopiedColumn {
  std::string name;
  bool is_bytes = false;
  bool is_text = false;
  /// Position of the column in the primary key, counted from 1; 0 if it is not in the key.
  std::int64_t place_in_key = 0;
};

/// A table of a store, with the SQL statements that read and write all its rows. The object must
/// outlive every connection that has run one of the statements, because connections recognize
/// statements by their address.
class CopiedTable {
 public:
  CopiedTable(std::string name, std::vector<CopiedColumn> columns);
  CopiedTable(const CopiedTable&) = delete;
  CopiedTable& operator=(const CopiedTable&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Returns true if the key of the table is a row number that the database assigns in order of
  /// arrival.
  [[nodiscard]] bool is_numbered() const;
  /// \return the row number of a row of this table, which must be numbered.
  [[nodiscard]] std::int64_t number_of(const Row& row) const;
  /// Returns true if SQLite and PostgreSQL sort the rows of the table in the same order. They may
  /// sort text keys differently, because the order of text depends on the language setting.
  [[nodiscard]] bool is_ordered_alike() const;

  // Commands that read all columns of the table, page by page, in the order of the key.
  [[nodiscard]] Command first_page(std::int64_t limit) const;
  [[nodiscard]] Command page_after(const Row& row, std::int64_t limit) const;
  [[nodiscard]] Command last_row() const;
  [[nodiscard]] Command count() const;
  /// \return an SQL command that inserts a row into the table unless a row with the same key
  /// exists.
  [[nodiscard]] Command insert(const Row& row) const;

 private:
  [[nodiscard]] Parameter parameter(const Row& row, std::size_t column) const;

  const std::string name_;
  const std::vector<CopiedColumn> columns_;
  /// The columns of the table's key, in order, as indexes into columns_.
  std::vector<std::size_t> key_;
  std::string first_text_, next_text_, last_text_, count_text_, insert_text_;
  Statement first_, next_, last_, count_, insert_;
};

/// \return the tables of an SQLite store that a copy includes, as the schema describes them. Leaves
/// out the tables that describe one database or running processes.
[[nodiscard]] Connection::Result<std::list<CopiedTable>> tables_to_copy(Connection& sqlite);

/// Reads a table page by page, from its beginning or from the row after a given row.
class TableWalk {
 public:
  TableWalk(Connection& connection, const CopiedTable& table)
      : connection_(connection), table_(table) {}

  void start_after(Row row) { last_ = std::move(row); }
  /// \return the rows of the next page of the table, valid until the next call; empty after the
  /// last page.
  [[nodiscard]] Connection::Result<std::span<const Row>> next();

 private:
  Connection& connection_;
  const CopiedTable& table_;
  Row last_;  ///< last row of the previous page; empty before the first page
  std::int64_t limit_ = 100;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
