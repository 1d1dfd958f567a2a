#include "storage/transfer/table_copy.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/migrations.hpp"
#include "storage/query.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

/// Tables that are not copied to another database, because they describe one database or running
/// processes.
constexpr std::array<std::string_view, 4> kNotCopied{kSchemaTable, "heartbeat", "task_leases",
                                                     "clock_marks"};

constexpr std::int64_t kRowsMax = 1000;
constexpr std::size_t kBytesWanted = 4U << 20U;

const Query<CopiedColumn> kColumns{"SELECT {columns} FROM pragma_table_info($1) ORDER BY cid",
                                   {{"name", &CopiedColumn::name},
                                    {"type = 'BLOB'", &CopiedColumn::is_bytes},
                                    {"type = 'TEXT'", &CopiedColumn::is_text},
                                    {"pk", &CopiedColumn::place_in_key}}};

std::string joined(std::span<const std::string> parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text;
}

std::vector<std::string> placeholders(std::size_t from, std::size_t count) {
  std::vector<std::string> places;
  for (std::size_t i = 0; i < count; ++i) places.push_back("$" + std::to_string(from + i));
  return places;
}

std::size_t bytes_in(const Row& row) {
  std::size_t bytes = 0;
  for (const Field& field : row) {
    const auto* text = std::get_if<std::string>(&field);
    bytes += text == nullptr ? sizeof(std::int64_t) : text->size();
  }
  return bytes;
}

}  // namespace

CopiedTable::CopiedTable(std::string name, std::vector<CopiedColumn> columns)
    : name_(std::move(name)), columns_(std::move(columns)) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    names.push_back(columns_[i].name);
    if (columns_[i].place_in_key > 0) key_.push_back(i);
  }
  std::ranges::sort(key_, {}, [this](std::size_t i) { return columns_[i].place_in_key; });
  std::vector<std::string> key;
  for (const std::size_t i : key_) key.push_back(columns_[i].name);
  std::vector<std::string> backwards = key;
  for (std::string& column : backwards) column += " DESC";

  const std::string select = "SELECT " + joined(names) + " FROM " + name_;
  const std::string order = " ORDER BY " + joined(key);
  const std::string limit = " LIMIT $" + std::to_string(key.size() + 1);
  first_text_ = select + order + " LIMIT $1";
  next_text_ = select + " WHERE (" + joined(key) + ") > (" + joined(placeholders(1, key.size())) +
               ")" + order + limit;
  last_text_ = select + " ORDER BY " + joined(backwards) + " LIMIT 1";
  count_text_ = "SELECT count(*) FROM " + name_;
  insert_text_ = "INSERT INTO " + name_ + " (" + joined(names) + ") VALUES (" +
                 joined(placeholders(1, names.size())) + ") ON CONFLICT DO NOTHING";
  first_.text = first_text_;
  next_.text = next_text_;
  last_.text = last_text_;
  count_.text = count_text_;
  insert_.text = insert_text_;
}

bool CopiedTable::is_numbered() const {
  return key_.size() == 1 && columns_[key_[0]].name == "seq";
}

std::int64_t CopiedTable::number_of(const Row& row) const {
  return integer(row[key_[0]]);
}

bool CopiedTable::is_ordered_alike() const {
  return std::ranges::none_of(key_, [this](std::size_t i) { return columns_[i].is_text; });
}

Command CopiedTable::first_page(std::int64_t limit) const {
  return {first_, {limit}};
}

Command CopiedTable::page_after(const Row& row, std::int64_t limit) const {
  std::vector<Parameter> parameters;
  for (const std::size_t i : key_) parameters.push_back(parameter(row, i));
  parameters.emplace_back(limit);
  return {next_, parameters};
}

Command CopiedTable::last_row() const {
  return {last_, {}};
}

Command CopiedTable::count() const {
  return {count_, {}};
}

Command CopiedTable::insert(const Row& row) const {
  std::vector<Parameter> parameters;
  for (std::size_t i = 0; i < row.size(); ++i) parameters.push_back(parameter(row, i));
  return {insert_, parameters};
}

Parameter CopiedTable::parameter(const Row& row, std::size_t column) const {
  const Field& field = row[column];
  if (const auto* number = std::get_if<std::int64_t>(&field)) return *number;
  if (std::holds_alternative<std::nullptr_t>(field)) return nullptr;
  const std::string_view text = std::get<std::string>(field);
  if (columns_[column].is_bytes) return Bytes{text};
  return text;
}

Connection::Result<std::list<CopiedTable>> tables_to_copy(Connection& sqlite) {
  std::list<CopiedTable> tables;
  for (const std::string& name : table_names()) {
    if (std::ranges::find(kNotCopied, name) != kNotCopied.end()) continue;
    std::vector<Rows> results;
    const std::array ask{Command(kColumns, {std::string_view(name)})};
    if (auto asked = sqlite.run(ask, results); !asked) return asked.error();
    tables.emplace_back(name, kColumns.read_all(results[0]));
  }
  return tables;
}

Connection::Result<std::span<const Row>> TableWalk::next() {
  const std::array ask{last_.empty() ? table_.first_page(limit_)
                                     : table_.page_after(last_, limit_)};
  if (auto asked = connection_.run(ask, results_); !asked) return asked.error();
  const Rows& rows = results_[0];
  if (rows.empty()) return std::span<const Row>();
  last_ = rows.back();
  // The number of rows on the next page is reduced for large rows, so that a page stays near
  // kBytesWanted bytes.
  std::size_t bytes = 1;
  for (const Row& row : rows) bytes += bytes_in(row);
  const auto fitting = static_cast<std::int64_t>(kBytesWanted * rows.size() / bytes);
  limit_ = std::clamp<std::int64_t>(fitting, 1, std::min(kRowsMax, 4 * limit_));
  return std::span<const Row>(rows);
}

}  // namespace couponhook::storage
