#pragma once

/// \file
/// Reads the tables of a store in order, and writes their rows to another database.

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
  int place_in_key = 0;  ///< position from 1; 0: not in the primary key
};

/// A table with the statements that read and write all its rows. It must outlive every connection
/// that has run one of them, because connections recognize statements by their address.
class CopiedTable {
 public:
  CopiedTable(std::string name, std::vector<CopiedColumn> columns);
  CopiedTable(const CopiedTable&) = delete;
  CopiedTable& operator=(const CopiedTable&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Returns true if the key is a number that the database assigns in order of arrival.
  [[nodiscard]] bool is_numbered() const;
  /// Returns true if all engines sort the rows in the same order. Text keys may be sorted
  /// differently, because their order depends on the language.
  [[nodiscard]] bool is_ordered_alike() const;

  // Each row has all columns. Pages are in the order of the key.
  [[nodiscard]] Command first_page(std::int64_t limit) const;
  [[nodiscard]] Command page_after(const Row& row, std::int64_t limit) const;
  [[nodiscard]] Command last_row() const;
  [[nodiscard]] Command count() const;
  /// Inserts a row unless its key exists.
  [[nodiscard]] Command insert(const Row& row) const;

 private:
  [[nodiscard]] Parameter parameter(const Row& row, std::size_t column) const;

  const std::string name_;
  const std::vector<CopiedColumn> columns_;
  std::vector<std::size_t> key_;  ///< indexes into columns_, in the order of the key
  std::string first_text_, next_text_, last_text_, count_text_, insert_text_;
  Statement first_, next_, last_, count_, insert_;
};

/// \return the tables of an SQLite store, as its schema describes them, except those that belong to
/// one database or to running processes.
[[nodiscard]] Connection::Result<std::list<CopiedTable>> tables_to_copy(Connection& sqlite);

/// Reads a table page by page, from its beginning or from behind a row.
class TableWalk {
 public:
  TableWalk(Connection& connection, const CopiedTable& table)
      : connection_(connection), table_(table) {}

  void start_after(Row row) { last_ = std::move(row); }
  /// \return the next rows, valid until the next call; empty at the end.
  [[nodiscard]] Connection::Result<std::span<const Row>> next();

 private:
  Connection& connection_;
  const CopiedTable& table_;
  Row last_;  ///< last row of the previous page; empty before the first
  std::int64_t limit_ = 100;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
