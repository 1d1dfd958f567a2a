#pragma once

/// \file
/// Writes the JSON replies about deliveries, pauses, the quarantine, and jobs that retry, move or
/// skip many deliveries.

#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hpp"
#include "server/admin/retry_jobs.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// Writes the JSON members of one delivery. The caller begins and ends the JSON object that holds
/// them.
void write_delivery(base::JsonWriter& json, const storage::DeliveryRecord& delivery);

/// Writes the active pauses as a JSON array, in a member with the name `name`.
void write_pauses(base::JsonWriter& json, std::string_view name,
                  const std::vector<storage::PauseRecord>& pauses);

/// Writes the body of `GET /deliveries/{id}`: one delivery, with the members that an item of
/// `GET /deliveries` has.
[[nodiscard]] std::string delivery_json(const storage::DeliveryRecord& delivery);
/// Writes the body of `GET /deliveries`: one page of deliveries.
[[nodiscard]] std::string deliveries_json(const storage::DeliveryPage& page);
/// Writes the state and progress of a job that retries, moves or skips many deliveries.
[[nodiscard]] std::string retry_json(const RetryJob& job);
/// Writes the body of `GET /pauses`: the active pauses.
[[nodiscard]] std::string pauses_json(const std::vector<storage::PauseRecord>& pauses);
/// Writes the body of `GET /quarantine`: one page of quarantined bodies.
[[nodiscard]] std::string quarantine_json(const storage::NotificationPage& page);
/// Writes the body of the reply to an operator's action.
/// \param result the result of the action, for example "retried" or "paused".
/// \param warning describes a likely mistake in the request. If it is empty, the JSON has no member
///   "warning".
[[nodiscard]] std::string result_json(std::string_view result, std::string_view warning = {});

}  // namespace couponhook::server
