#pragma once

/// \file
/// Keys and certificates in /status: the listeners' certificates, reloads, and fetches of platform
/// certificates.

#include "base/json_writer.hpp"
#include "server/admin/admin_json.hpp"

namespace couponhook::server {

/// Writes the members "certificates", "reloads" and "certificate_fetches".
void write_key_upkeep(base::JsonWriter& json, const StatusView& view);

}  // namespace couponhook::server
