#pragma once

/// \file
/// Store in a PostgreSQL database.

#include <cstdint>
#include <memory>
#include <string>

#include "storage/postgres/postgres_connection.hpp"
#include "storage/store.hpp"

namespace couponhook::storage {

/// A Store in a PostgreSQL database. Each new connection checks the server that it has reached,
/// because later another server may answer at the same address.
class PostgresStore final : public Store {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const StoreUrl& url,
                                                           const StoreOptions& options,
                                                           std::int64_t now_ms);
  [[nodiscard]] static Result<std::unique_ptr<Store>> inspect(const StoreUrl& url,
                                                              const StoreOptions& options);

  [[nodiscard]] static Result<std::int64_t> schema_version(const StoreUrl& url,
                                                           const StoreOptions& options);
  [[nodiscard]] static Result<std::unique_ptr<Store>> join(const StoreUrl& url,
                                                           const StoreOptions& options);

  [[nodiscard]] static Result<bool> is_made(const StoreUrl& url, const StoreOptions& options);

  [[nodiscard]] Result<std::unique_ptr<Connection>> writer(WriterRole role) override;
  [[nodiscard]] Result<std::unique_ptr<Connection>> reader() override;
  [[nodiscard]] std::unique_ptr<WakeChannel> wake_channel() const override;

 private:
  /// Purpose for which the store was opened: open(), join() or inspect().
  enum class Use : std::uint8_t { kServe, kJoin, kLook };

  PostgresStore(const StoreUrl& url, const StoreOptions& options, Use use, std::int64_t now_ms)
      : url_(url), options_(options), use_(use), now_ms_(now_ms) {}

  [[nodiscard]] std::size_t writers_max() const override { return 64; }
  [[nodiscard]] std::unique_ptr<PostgresConnection> make_writer(WriterRole role) const;
  [[nodiscard]] std::unique_ptr<PostgresConnection> make_reader() const;

  StoreUrl url_;
  StoreOptions options_;
  Use use_;
  std::int64_t now_ms_;
};

}  // namespace couponhook::storage
