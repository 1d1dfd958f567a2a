#include "storage/dialect.hpp"

namespace couponhook::storage {
namespace {

constexpr std::string_view kIndexKey = "{index_key ";

void replace_key_indexes(std::string& text, std::string_view statement) {
  for (auto at = text.find(kIndexKey); at != std::string::npos; at = text.find(kIndexKey, at)) {
    const std::size_t end = text.find('}', at);
    const std::size_t name = at + kIndexKey.size();
    std::string index(statement);
    replace_all(index, "TABLE", text.substr(name, end - name));
    text.replace(at, end + 1 - at, index);
  }
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

const Dialect& dialect_of(std::string_view engine) {
  return engine == "sqlite" ? kSqliteDialect : kPostgresDialect;
}

std::string in_dialect(std::string_view script, const Dialect& dialect) {
  std::string text(script);
  replace_all(text, "{key}", dialect.key);
  replace_all(text, "{bytes}", dialect.bytes);
  replace_all(text, "{identity}", dialect.identity);
  replace_key_indexes(text, dialect.index_key);
  return text;
}

}  // namespace couponhook::storage
