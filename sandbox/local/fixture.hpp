#pragma once

/// \file
/// Notifications written down in files, for replaying.

#include <filesystem>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server {

struct Fixture {
  std::string source;  ///< file, and line where a file holds several
  Draft draft;
  unsigned expect = 204;  ///< the status that the service should reply with
};

/// Reads fixtures from .json files (one object), .ndjson files (an object a line) and folders of
/// these, in the order of the paths and by name within a folder.
///
/// A fixture without an id gets one that is derived from its event type and resource, so that
/// replaying a file again sends duplicates rather than news.
/// \param problems gets every problem in every file, each with the line or key at fault; the result
///   is of no use then.
[[nodiscard]] std::vector<Fixture> load_fixtures(const std::vector<std::filesystem::path>& paths,
                                                 std::vector<Problem>& problems);

}  // namespace couponhook::server
