#pragma once

/// \file
/// JSON about deliveries, pauses, retry jobs and the quarantine, for operators.

#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hpp"
#include "server/admin/retry_jobs.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// Writes the members of one delivery. The caller begins and ends the object around them.
void write_delivery(base::JsonWriter& json, const storage::DeliveryRecord& delivery);

/// Writes the active pauses as a list with this member name.
void write_pauses(base::JsonWriter& json, std::string_view name,
                  const std::vector<storage::PauseRecord>& pauses);

/// Body of `GET /deliveries`.
[[nodiscard]] std::string deliveries_json(const storage::DeliveryPage& page);
/// Body of the replies about a job: retry, move or skip.
[[nodiscard]] std::string retry_json(const RetryJob& job);
/// Body of `GET /pauses`.
[[nodiscard]] std::string pauses_json(const std::vector<storage::PauseRecord>& pauses);
/// Body of `GET /quarantine`.
[[nodiscard]] std::string quarantine_json(const storage::NotificationPage& page);
/// Body of the reply to an action.
/// \param result the result of the action: "retried", "paused".
/// \param warning a likely mistake in the request; empty: the member is left out.
[[nodiscard]] std::string result_json(std::string_view result, std::string_view warning = {});

}  // namespace couponhook::server
