#pragma once

/// \file
/// Reads fixtures: files with the content of notifications, which `couponhook replay` signs and
/// sends.

#include <filesystem>
#include <string>
#include <vector>

#include "base/problem.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server {

struct Fixture {
  /// Name of the fixture's file, with the line number if the file contains several fixtures.
  std::string source;
  Draft draft;
  unsigned expect = 204;  ///< HTTP status that the service should reply to this notification
};

/// Reads fixtures from .json files (one JSON object), .ndjson files (one JSON object in each line)
/// and folders of such files. Returns the fixtures in the order of `paths`; the files of a folder
/// are sorted by name.
///
/// A fixture without an id gets an id that is calculated from its event type and resource. So a
/// second replay of the same file sends duplicates, not new notifications.
/// \param problems output: every problem of every file, with the line or key that is wrong. If
/// there are problems, do not use the returned fixtures.
[[nodiscard]] std::vector<Fixture> load_fixtures(const std::vector<std::filesystem::path>& paths,
                                                 std::vector<base::Problem>& problems);

}  // namespace couponhook::server
