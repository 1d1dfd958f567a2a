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
  /// Name of the fixture's file (the file with the notification's content), with the line number if
  /// the file contains several fixtures.
  std::string source;
  Draft draft;
  /// HTTP status that the service should send as reply to this notification.
  unsigned expect = 204;
};

/// Reads fixtures (the contents of notifications to be sent) from .json files (one JSON object),
/// .ndjson files (one JSON object in each line) and folders of such files. Returns the fixtures in
/// the order of `paths`; the files of a folder are sorted by name.
///
/// A fixture without an id gets an id that is computed from its event type and resource. So if the
/// same file is sent twice, the second time sends duplicates and not new notifications.
/// \param problems output: every problem of every file, with the line or key that is wrong. If
///   there are problems, do not use the returned fixtures.
[[nodiscard]] std::vector<Fixture> load_fixtures(const std::vector<std::filesystem::path>& paths,
                                                 std::vector<base::Problem>& problems);

}  // namespace couponhook::server
