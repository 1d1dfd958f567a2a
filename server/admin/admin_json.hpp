#pragma once

/// \file
/// Writes the JSON bodies that the status endpoint sends. Users rely on the names and the structure
/// of the JSON members.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hpp"
#include "server/admin/served_certificates.hpp"
#include "server/alert/alert_counters.hpp"
#include "server/config/reload_units.hpp"
#include "server/outbound/certificate_keeper.hpp"
#include "server/outbound/reconcile_counters.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/reply_counters.hpp"
#include "server/receive/signature_faults.hpp"
#include "server/receive/unknown_serials.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// One snapshot of the service's state, from which /status and /metrics are written.
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
  const ReplyCounters& reply_counters;
  std::shared_ptr<const Merchants> merchants;
  ReconcileCounts reconciled;
  std::vector<UnknownSerial> unknown_serials;
  std::vector<SignatureFault> signature_faults;
  std::map<std::string, UnitState> reloads{};
  std::vector<ServedCertificate> certificates{};
  std::vector<CertificateStatus> certificate_upkeep{};
  // The pauses and the unclaimed deliveries (open deliveries to handlers that are not configured).
  // Both lists are also empty when the store could not be read.
  std::vector<storage::PauseRecord> pauses{};
  std::vector<storage::HandlerBacklog> unclaimed{};
  std::vector<std::string> served{};  ///< names of the handlers that receive deliveries
  std::uint64_t failed_logins = 0;    ///< requests to the status endpoint with a wrong token
  /// Time at which the next delivery to each handler in `served` is due, in milliseconds since the
  /// Unix epoch; only for /metrics. Empty when the store could not be read.
  std::vector<std::optional<std::int64_t>> next_due_ms{};
  const AlertCounters* alerts = nullptr;  ///< null if there are none, in tests
};

/// Writes the body of `GET /status`.
/// \param view state of the service. Its member `counts` must hold a value, not an error.
[[nodiscard]] std::string status_json(const StatusView& view);
/// Writes the body of `GET /readyz`.
/// \param reasons_against reasons why this replica is not ready; empty means that it is ready.
[[nodiscard]] std::string readiness_json(const std::vector<std::string>& reasons_against);
/// Writes the body of `GET /notifications/{id}`: one notification with its envelope, resource and
/// deliveries, and the attempts of each delivery.
[[nodiscard]] std::string notification_json(const storage::NotificationRecord& record);
/// Writes the body of `GET /notifications`: one page of notifications with envelope, resource and
/// deliveries, but without the attempts of each delivery.
[[nodiscard]] std::string notifications_json(const storage::NotificationPage& page);
/// Writes the body of `GET /coupons/{stock_id}/{coupon}`: state and history of a coupon.
/// \param records the coupon's ledger records, in any order; must not be empty.
[[nodiscard]] std::string coupon_json(std::string_view stock_id, std::string_view coupon,
                                      const std::vector<storage::LedgerRecord>& records);
/// Writes the members of one notification without its envelope and resource, which may name a user,
/// but with its deliveries and their attempts. The caller begins and ends the JSON object.
void write_without_content(base::JsonWriter& json, const storage::NotificationRecord& record);
/// Writes the members of coupon_json(). The caller begins and ends the JSON object.
void write_coupon(base::JsonWriter& json, std::string_view stock_id, std::string_view coupon,
                  const std::vector<storage::LedgerRecord>& records);
/// Writes the body of an error reply, a JSON object with the members "code" and "message".
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

}  // namespace couponhook::server
