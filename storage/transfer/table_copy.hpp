#pragma once

/// \file
/// The tables of a store as rows that can be read in order and written elsewhere.

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
  int place_in_key = 0;  ///< from 1; 0: not in the primary key
};

/// A table, and the statements that read and write it whole. It must outlive the use of every
/// connection that has run one of them: connections know statements by their address.
class CopiedTable {
 public:
  CopiedTable(std::string name, std::vector<CopiedColumn> columns);
  CopiedTable(const CopiedTable&) = delete;
  CopiedTable& operator=(const CopiedTable&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Whether rows are numbered as they come, by a column that counts on by itself.
  [[nodiscard]] bool is_numbered() const;
  /// Whether every engine puts the rows in the same order: text has an order for each language.
  [[nodiscard]] bool is_ordered_alike() const;

  // Each row with all its columns, in the order of the key.
  [[nodiscard]] Command first_page(std::int64_t limit) const;
  [[nodiscard]] Command page_after(const Row& row, std::int64_t limit) const;
  [[nodiscard]] Command last_row() const;
  [[nodiscard]] Command count() const;
  /// Leaves a row that is there as it is.
  [[nodiscard]] Command insert(const Row& row) const;

 private:
  [[nodiscard]] Parameter parameter(const Row& row, std::size_t column) const;

  const std::string name_;
  const std::vector<CopiedColumn> columns_;
  std::vector<std::size_t> key_;  ///< columns, in the key's order
  std::string first_text_, next_text_, last_text_, count_text_, insert_text_;
  Statement first_, next_, last_, count_, insert_;
};

/// The tables of an SQLite store, as it describes them itself: all but those that are about one
/// database or one process.
[[nodiscard]] Connection::Result<std::list<CopiedTable>> tables_to_copy(Connection& sqlite);

/// Reads a table from its beginning to its end, or from behind a row, some rows at a time.
class TableWalk {
 public:
  TableWalk(Connection& connection, const CopiedTable& table)
      : connection_(connection), table_(table) {}

  void start_after(Row row) { last_ = std::move(row); }
  /// \return the next rows, good until the next call; none at the end.
  [[nodiscard]] Connection::Result<std::span<const Row>> next();

 private:
  Connection& connection_;
  const CopiedTable& table_;
  Row last_;  ///< of the page before; empty before the first
  std::int64_t limit_ = 100;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
