#include "server/admin/key_status_json.hpp"

#include "base/json_writer.hpp"

namespace couponhook::server {

void write_key_upkeep(base::JsonWriter& json, const StatusView& view) {
  json.begin_list("certificates");
  for (const ServedCertificate& certificate : view.certificates) {
    std::optional<std::int64_t> expires_ms;
    if (certificate.expires_at) expires_ms = base::to_unix_ms(*certificate.expires_at);
    json.begin()
        .text("what", certificate.what)
        .text("path", certificate.path)
        .time("expires_at", expires_ms)
        .end();
  }
  json.end_list().begin("reloads");
  for (const auto& [unit, state] : view.reloads) {
    json.begin(unit)
        .number("ok", state.ok)
        .number("refused", state.refused)
        .text("last_error", state.last_error)
        .end();
  }
  json.end().begin_list("certificate_fetches");
  for (const CertificateStatus& upkeep : view.certificate_upkeep) {
    json.begin()
        .text("mchid", upkeep.mchid)
        .text("directory", upkeep.directory)
        .number("fetched", upkeep.fetches)
        .number("fetch_failures", upkeep.fetch_failures)
        .number("kept", upkeep.keeps)
        .number("keep_failures", upkeep.keep_failures)
        .text("fetch_error", upkeep.fetch_error)
        .text("keep_error", upkeep.keep_error)
        .end();
  }
  json.end_list();
}

}  // namespace couponhook::server
