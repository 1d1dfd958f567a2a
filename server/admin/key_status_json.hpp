#pragma once

/// \file
/// Writes the part of /status about keys and certificates: the listeners' TLS certificates, reloads
/// of key files, and downloads of WeChat Pay's platform certificates.

#include "base/json_writer.hpp"
#include "server/admin/admin_json.hpp"

namespace couponhook::server {

/// Writes the members "certificates", "reloads" and "certificate_fetches" of the JSON reply to GET
/// /status.
void write_key_upkeep(base::JsonWriter& json, const StatusView& view);

}  // namespace couponhook::server
