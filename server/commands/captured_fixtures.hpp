#pragma once

/// \file
/// Turns captured callbacks into fixtures, so that `couponhook replay` can send them again.

#include <filesystem>
#include <vector>

#include "sandbox/local/fixture.hpp"
#include "server/receive/merchants.hpp"

namespace couponhook::server {

/// Reads captured callbacks, of any form that read_captures() knows, and decrypts them with the
/// merchant's APIv3 keys. Their signatures are not used: `replay` signs anew.
/// \param problems output: callbacks that cannot be decrypted. If there are problems, do not use
///   the returned fixtures.
/// \return the fixtures; none if the file holds no captured callback, but perhaps fixtures.
[[nodiscard]] std::vector<Fixture> load_captured_fixtures(const std::filesystem::path& file,
                                                          const Merchant& merchant,
                                                          std::vector<base::Problem>& problems);

}  // namespace couponhook::server
