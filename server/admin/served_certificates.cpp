#include "server/admin/served_certificates.hpp"

#include <string_view>

#include "server/config/reload_units.hpp"

namespace couponhook::server {

std::vector<ServedCertificate> served_certificates(const base::Live<ServedTls>& tls,
                                                   const base::Live<ServedTls>& admin_tls) {
  std::vector<ServedCertificate> all;
  const auto add = [&](std::string_view what, const base::Live<ServedTls>& served) {
    const auto shown = served.get();
    if (!shown->context) return;
    all.push_back({std::string(what), shown->path.string(), certificate_end(shown->context)});
  };
  add(kListenerUnit, tls);
  add(kAdminUnit, admin_tls);
  return all;
}

}  // namespace couponhook::server
