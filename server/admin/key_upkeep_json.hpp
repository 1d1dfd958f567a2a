#pragma once

/// \file
/// State of keys and certificates in /status: what is shown, what was loaded, what is fetched.

#include "server/admin/admin_json.hpp"

namespace couponhook::server {

class Json;

/// Writes the members "certificates", "reloads" and "certificate_fetches".
void write_key_upkeep(Json& json, const StatusView& view);

}  // namespace couponhook::server
