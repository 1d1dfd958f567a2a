#pragma once

/// \file
/// Reads fixtures: files with notifications to replay.

#include <filesystem>
#include <string>
#include <vector>

#include "base/problem.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server {

struct Fixture {
  std::string source;  ///< file name, with the line if the file holds several fixtures
  Draft draft;
  unsigned expect = 204;  ///< status with which the service should reply
};

/// Reads fixtures from .json files (one object), .ndjson files (one object a line) and folders of
/// such files. The order is that of `paths`, and by name within a folder.
///
/// A fixture without an id gets an id derived from its event type and resource. So a second replay
/// of the same file sends duplicates, not new notifications.
/// \param problems receives every problem in every file, each with the line or key at fault. If
/// there is any, the returned fixtures are useless.
[[nodiscard]] std::vector<Fixture> load_fixtures(const std::vector<std::filesystem::path>& paths,
                                                 std::vector<base::Problem>& problems);

}  // namespace couponhook::server
