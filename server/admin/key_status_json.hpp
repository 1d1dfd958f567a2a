#pragma once

/// \file
/// Keys and certificates in /status: the listeners' certificates, reloads, and fetches of platform
/// certificates.

#include "server/admin/admin_json.hpp"

namespace couponhook::server {

class Json;

/// Writes the members "certificates", "reloads" and "certificate_fetches".
void write_key_upkeep(Json& json, const StatusView& view);

}  // namespace couponhook::server
