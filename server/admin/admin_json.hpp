#pragma once

/// \file
/// The status endpoint's answers as JSON: names and shapes as users rely on them.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/receive/merchants.hpp"
#include "server/outbound/certificate_keeper.hpp"
#include "server/outbound/reconcile_counters.hpp"
#include "server/config/reload_units.hpp"
#include "server/receive/reply_counters.hpp"
#include "server/receive/unknown_serials.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// What /status and /metrics tell, looked up once.
struct StatusView {
  std::string_view version;
  std::chrono::seconds uptime;
  bool ready;
  std::string_view engine;
  bool store_ok;
  std::optional<std::int64_t> size_bytes;
  std::int64_t now_ms;
  storage::InboxActivity activity;
  storage::Reader::Result<storage::StoreCounts> counts;
  const Tally& tally;
  std::shared_ptr<const Merchants> merchants;
  ReconcileCounts reconciled;
  std::vector<UnknownSerial> unknown_serials;
  std::map<std::string, UnitState> reloads{};
  std::vector<ServedCertificate> certificates{};
  std::vector<CertificateUpkeep> certificate_upkeep{};
  std::vector<storage::PauseRecord> pauses{};        ///< none where they could not be read
  std::vector<storage::HandlerBacklog> unclaimed{};  ///< likewise
  std::vector<std::string> served{};                 ///< handlers that deliveries are made to
};

/// \param view with counts that could be read.
[[nodiscard]] std::string status_json(const StatusView& view);
[[nodiscard]] std::string readiness_json(const std::vector<std::string>& reasons_against);
/// One notification, with resource and deliveries.
[[nodiscard]] std::string notification_json(const storage::NotificationRecord& record);
/// A page of notifications, without resources.
[[nodiscard]] std::string notifications_json(const storage::NotificationPage& page);
/// A coupon's state and history. `records` must not be empty.
[[nodiscard]] std::string coupon_json(std::string_view stock_id, std::string_view coupon,
                                      const std::vector<storage::LedgerRecord>& records);
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

}  // namespace couponhook::server
