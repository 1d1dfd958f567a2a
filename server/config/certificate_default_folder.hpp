#pragma once

/// \file
/// Default folder of fetched platform certificates.

#include "server/config/config.hpp"

namespace couponhook::server {

/// Sets certificate_directory for merchants that do not configure one. With an SQLite store, the
/// folder is certificates/ beside the store's file, where the service can write in any case. If
/// several merchants use this default, each has its own folder certificates/MCHID/, because each
/// may trust only its own certificates. With another store, the certificates stay in memory.
void place_certificate_directories(Config& config);

}  // namespace couponhook::server
