#pragma once

/// \file
/// Default place of fetched platform certificates.

#include "server/config/config.hpp"

namespace couponhook::server {

/// Has the certificates of merchants who name no certificate_directory kept where the service may
/// write in any case: in certificates/ beside an SQLite store's file, or in certificates/MCHID/
/// where several merchants would share that folder, since each has to trust its own alone. With a
/// store elsewhere they stay in memory.
void place_certificate_directories(Config& config);

}  // namespace couponhook::server
