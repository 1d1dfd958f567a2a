#pragma once

/// \file
/// Answers `GET /history`: the history of the counters for charts.

#include <cstdint>

#include "base/url.hpp"
#include "server/admin/history_recorder.hpp"
#include "server/net/http_message.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Answers `GET /history?span=hour|day|week` with one number for each step of each series. The last
/// step is the running one; it includes what is not yet written into the store.
/// \param now_ms the present time in milliseconds since the Unix epoch.
[[nodiscard]] Reply history_reply(storage::Reader& reader, const HistoryRecorder& recorder,
                                  std::int64_t now_ms, const base::RequestTarget& target);

}  // namespace couponhook::server
