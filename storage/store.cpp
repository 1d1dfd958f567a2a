#include "storage/store.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/postgres_url.hpp"
#include "storage/sqlite/sqlite_file.hpp"

namespace couponhook::storage {
namespace {

constexpr std::string_view kSqlite = "sqlite";
constexpr std::string_view kPostgres = "postgresql";
/// Second URL scheme, besides "postgresql", that libpq accepts for a PostgreSQL database.
constexpr std::string_view kPostgresShort = "postgres";
constexpr std::string_view kForms = "sqlite:PATH or postgresql://USER@HOST:PORT/DATABASE";

Failure no_such_engine(std::string_view engine) {
  return {FailureCode::kUnavailable, "no driver for stores of kind \"" + std::string(engine) +
                                         "\": use " + std::string(kForms)};
}

Connection::Result<StoreUrl> postgres_store_url(std::string_view url) {
  StoreUrl parsed{.engine = std::string(kPostgres), .address = std::string(url)};
  if (const auto name = name_of_postgres_url(parsed.address); !name) return name.error();
  return parsed;
}

}  // namespace

Connection::Result<StoreUrl> parse_store_url(std::string_view url,
                                             const std::filesystem::path& relative_to) {
  const std::size_t colon = url.find(':');
  // The text of a store URL after the colon may hold a password, so error messages never repeat it.
  if (colon == std::string_view::npos) {
    return Failure{FailureCode::kUnavailable, "a store's URL has the form " + std::string(kForms)};
  }
  const std::string_view engine = url.substr(0, colon);
  if (engine == kPostgres || engine == kPostgresShort) {
    if (url.substr(colon).starts_with("://")) return postgres_store_url(url);
    return Failure{FailureCode::kUnavailable, "a store's URL has the form " + std::string(kForms)};
  }
  if (engine != kSqlite) return no_such_engine(engine);
  const std::filesystem::path path(url.substr(colon + 1));
  if (!path.has_filename()) {
    return Failure{FailureCode::kUnavailable,
                   "a store's URL has the form sqlite:PATH, where PATH names a file"};
  }
  // The path of the database file is made absolute, so that it names the same file if the process
  // changes its working folder.
  std::error_code ec;
  const auto absolute = std::filesystem::absolute(relative_to / path, ec);
  if (ec) {
    return Failure{FailureCode::kUnavailable,
                   "cannot determine the current folder, to which the store's path is relative: " +
                       ec.message()};
  }
  return StoreUrl{std::string(kSqlite), absolute.lexically_normal()};
}

std::string StoreUrl::name() const {
  if (engine != kPostgres) return path.string();
  auto name = name_of_postgres_url(address);
  return name ? std::move(*name) : std::string(kPostgres);
}

Store::Result<std::unique_ptr<Store>> Store::open(const StoreUrl& url, const StoreOptions& options,
                                                  std::int64_t now_ms) {
  if (url.engine == kPostgres) return PostgresStore::open(url, options, now_ms);
  if (url.engine != kSqlite) return no_such_engine(url.engine);
  return SqliteFile::open(url.path, options, now_ms);
}

Store::Result<std::unique_ptr<Store>> Store::inspect(const StoreUrl& url,
                                                     const StoreOptions& options) {
  if (url.engine == kPostgres) return PostgresStore::inspect(url, options);
  if (url.engine != kSqlite) return no_such_engine(url.engine);
  return SqliteFile::inspect(url.path, options);
}

Store::Result<std::int64_t> Store::schema_version(const StoreUrl& url,
                                                  const StoreOptions& options) {
  if (url.engine == kPostgres) return PostgresStore::schema_version(url, options);
  if (url.engine != kSqlite) return no_such_engine(url.engine);
  return SqliteFile::schema_version(url.path, options);
}

Store::Result<std::unique_ptr<Store>> Store::join(const StoreUrl& url,
                                                  const StoreOptions& options) {
  if (url.engine == kPostgres) return PostgresStore::join(url, options);
  if (url.engine != kSqlite) return no_such_engine(url.engine);
  return SqliteFile::join(url.path, options);
}

Store::Result<bool> Store::is_made(const StoreUrl& url, const StoreOptions& options) {
  if (url.engine == kPostgres) return PostgresStore::is_made(url, options);
  if (url.engine != kSqlite) return no_such_engine(url.engine);
  return SqliteFile::is_made(url.path);
}

Store::Result<void> Store::check_place(const StoreUrl& url) {
  if (url.engine == kPostgres) return {};
  if (url.engine != kSqlite) return no_such_engine(url.engine);
  return SqliteFile::check_place(url.path);
}

Store::Result<std::vector<std::unique_ptr<Connection>>> Store::writers(std::size_t count) {
  std::vector<std::unique_ptr<Connection>> connections;
  while (connections.size() < std::min(count, writers_max())) {
    auto connection = writer(WriterRole::kAdmissions);
    if (!connection) return connection.error();
    connections.push_back(std::move(*connection));
  }
  return connections;
}

}  // namespace couponhook::storage
