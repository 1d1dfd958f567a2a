#pragma once

/// \file
/// What operators are told of deliveries, pauses, retries and the quarantine, as JSON.

#include <string>
#include <string_view>
#include <vector>

#include "server/admin/retry_jobs.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

class Json;

/// The members of one delivery, inside an object that the caller begins and ends.
void write_delivery(Json& json, const storage::DeliveryRecord& delivery);

/// A list of what is paused, as a member of that name.
void write_pauses(Json& json, std::string_view name,
                  const std::vector<storage::PauseRecord>& pauses);

[[nodiscard]] std::string deliveries_json(const storage::DeliveryPage& page);
[[nodiscard]] std::string retry_json(const RetryJob& job);
[[nodiscard]] std::string pauses_json(const std::vector<storage::PauseRecord>& pauses);
[[nodiscard]] std::string quarantine_json(const storage::NotificationPage& page);
/// {"result": what became of an order, "warning": what is odd about it, if anything}
[[nodiscard]] std::string result_json(std::string_view result, std::string_view warning = {});

}  // namespace couponhook::server
