#pragma once

/// \file
/// Chooses the default folder for downloaded platform certificates.

#include "server/config/config.hpp"

namespace couponhook::server {

/// Sets certificate_directory (the folder for downloaded platform certificates) for merchants whose
/// configuration does not set this key. With an SQLite store, the default is the folder
/// certificates/ beside the store's file, because the service can write there in any case. If
/// several merchants use this default, each has its own folder certificates/MCHID/, because each
/// may trust only its own certificates. With another store, the certificates stay in memory.
void place_certificate_directories(Config& config);

}  // namespace couponhook::server
