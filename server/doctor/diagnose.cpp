#include "server/doctor/diagnose.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "base/ip_address.hpp"
#include "crypto/platform_keys.hpp"

namespace couponhook::server {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using Findings = std::vector<DoctorFinding>;

constexpr days kTlsNotice{14};
constexpr days kCertificateNotice{30};
// Largest clock difference that WeChat Pay accepts in timestamps; it is couponhook's default too.
constexpr seconds kClockMax{300};
constexpr seconds kClockNotice{30};
constexpr std::string_view kDevelopmentName = "couponhook development platform key";

void find(Findings& findings, bool present, FindingSeverity severity, std::string name,
          std::string what, std::string why, std::string to_do) {
  if (!present) return;
  findings.push_back(
      {severity, std::move(name), std::move(what), std::move(why), std::move(to_do)});
}

std::string days_until(sys_seconds time, sys_seconds now) {
  return std::to_string(std::chrono::floor<days>(time - now).count());
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void diagnose_configuration(const DoctorFacts& facts, Findings& findings) {
  for (const Problem& problem : facts.problems) {
    const std::string why = problem.unit.empty() ? "the service does not start with it"
                                                 : "this part of it is not loaded: " + problem.unit;
    findings.push_back({FindingSeverity::kBlocking, "configuration",
                        problem.where + ": " + problem.message, why,
                        "correct it, then run `couponhook check`"});
  }
  for (const Problem& place : facts.unwritable) {
    findings.push_back({FindingSeverity::kBlocking, "place_unwritable",
                        place.where + ": " + place.message,
                        "data that the service cannot write is lost at a restart",
                        "see the message; `couponhook check --user NAME` tries again"});
  }
  find(findings, !facts.has_ledger, FindingSeverity::kAdvice, "no_ledger",
       "no handler of type ledger",
       "coupons' states are not kept, and `reconcile` finds everything missing",
       "add [[handler]] type = \"ledger\" with events = [\"COUPON.*\", \"REFUND.*\"]");
}

void diagnose_listener(const DoctorFacts& facts, Findings& findings) {
  const bool behind_balancer = !facts.listener_tls || facts.has_trusted_proxies;
  find(findings, base::is_loopback(facts.listener_address) && !behind_balancer,
       FindingSeverity::kBlocking, "listener_loopback",
       "listener.address is " + facts.listener_address,
       "only this machine can reach it, so WeChat Pay cannot",
       "set listener.address = \"0.0.0.0\", or put a load balancer in front");
  find(findings, !facts.listener_tls && !facts.has_trusted_proxies, FindingSeverity::kAdvice,
       "proxies_unknown", "listener.tls is off and trusted_proxies is empty",
       "all clients look like the load balancer, so that its address exhausts the limit for one",
       "name the load balancer's networks in listener.trusted_proxies");
  if (!facts.tls) return;
  const TlsFacts& tls = *facts.tls;
  const bool expired = tls.expires_at < facts.now;
  find(findings, expired, FindingSeverity::kBlocking, "tls_expired", tls.file + " has expired",
       "WeChat Pay does not connect to a server with an expired certificate",
       "renew it; it is loaded without a restart");
  find(findings, !expired && tls.expires_at < facts.now + kTlsNotice, FindingSeverity::kSoon,
       "tls_expires", tls.file + " expires in " + days_until(tls.expires_at, facts.now) + " days",
       "WeChat Pay stops connecting then", "renew it; it is loaded without a restart");
  find(findings, tls.begins_at > facts.now, FindingSeverity::kBlocking, "tls_not_valid_yet",
       tls.file + " is not valid yet", "WeChat Pay does not connect to a server with it",
       "check this machine's clock, or use the certificate that is valid now");
  find(findings, tls.out_of_order != 0, FindingSeverity::kSoon, "tls_chain_order",
       tls.file + ": certificate " + std::to_string(tls.out_of_order) +
           " did not sign the one before it",
       "clients that do not sort chains do not connect",
       "put the server's own first, and each issuer's below the one it signed");
  find(findings, tls.self_signed && !behind_balancer, FindingSeverity::kBlocking, "tls_self_signed",
       tls.file + " is self-signed", "WeChat Pay trusts certificates of public CAs only",
       "get one from a public CA for the domain in the notification URL");
  find(findings, !tls.self_signed && tls.certificates == 1 && !tls.verify_error.empty(),
       FindingSeverity::kBlocking, "tls_chain_incomplete",
       tls.file + " holds one certificate, and no public CA signed that directly",
       "browsers fetch what is missing between, WeChat Pay does not",
       "append the CA's intermediate certificates (often called fullchain.pem)");
  find(findings, !tls.self_signed && tls.certificates > 1 && !tls.verify_error.empty() && !expired,
       FindingSeverity::kBlocking, "tls_untrusted", tls.file + ": " + tls.verify_error,
       "WeChat Pay does not connect to a server whose chain it cannot verify",
       "use a certificate of a public CA, its intermediates in order below it");
}

void diagnose_certificates(const MerchantFacts& merchant, sys_seconds now, Findings& findings) {
  const std::string whose = "merchant " + merchant.mchid;
  std::size_t live = 0;
  sys_seconds last{};
  for (const CertificateFacts& certificate : merchant.certificates) {
    live += certificate.expires_at >= now ? 1U : 0U;
    last = std::max(last, certificate.expires_at);
    const bool own =
        crypto::is_same_serial(certificate.serial, merchant.api_certificate_serial) ||
        (!merchant.api_key_digest.empty() && certificate.key_digest == merchant.api_key_digest) ||
        is_number(certificate.common_name);
    find(findings, own, FindingSeverity::kBlocking, "merchant_certificate_as_platform",
         certificate.file + " is the merchant's own certificate, not WeChat Pay's",
         "notifications are signed with WeChat Pay's key, so that none can be verified with it",
         "remove it, and get WeChat Pay's with `couponhook certificates fetch`");
    find(findings, certificate.common_name == kDevelopmentName, FindingSeverity::kAdvice,
         "development_key", certificate.file + " is the key that `couponhook init` made",
         "whoever has development/platform_key.pem can forge notifications",
         "remove both before going live");
  }
  const bool has_key = live > 0 || merchant.public_keys > 0;
  find(findings, !has_key && !merchant.certificates.empty(), FindingSeverity::kBlocking,
       "certificates_expired", whose + ": every platform certificate has expired",
       "no notification can be verified", "run `couponhook certificates fetch`");
  find(findings, !has_key && merchant.certificates.empty(), FindingSeverity::kBlocking,
       "no_platform_key", whose + " has no platform key", "no notification can be verified",
       "run `couponhook certificates fetch`, or configure [[merchant.platform_public_key]]");
  const bool ends_soon = live > 0 && last < now + kCertificateNotice;
  find(findings, ends_soon && merchant.public_keys == 0 && !merchant.fetches_certificates,
       FindingSeverity::kSoon, "certificates_expire",
       whose + ": the last platform certificate expires in " + days_until(last, now) + " days",
       "the next one is not fetched into a file, and notifications may be refused then",
       "set api.certificate_refresh_minutes = 60 and api.certificate_directory, or run "
       "`couponhook certificates fetch`");
}

void diagnose_merchant(const MerchantFacts& merchant, Findings& findings) {
  const std::string whose = "merchant " + merchant.mchid;
  const bool own_public_key =
      !merchant.api_key_digest.empty() &&
      std::ranges::find(merchant.public_key_digests, merchant.api_key_digest) !=
          merchant.public_key_digests.end();
  find(findings, own_public_key, FindingSeverity::kBlocking, "merchant_key_as_platform",
       whose + ": a platform_public_key is the merchant's own public key",
       "notifications are signed with WeChat Pay's key, so that none can be verified with it",
       "download the WeChat Pay public key from the console");
  find(findings, merchant.v2_key_is_v3_key, FindingSeverity::kBlocking, "v2_key_as_v3",
       whose + ": api_v2_key_file and api_v3_key_files hold the same key",
       "one of them is in the wrong slot: resources cannot be decrypted, or H5 links not verified",
       "set both keys in the console and put each into its own file");
  find(findings, merchant.api_key_readable_by_all, FindingSeverity::kAdvice, "private_key_readable",
       whose + ": everybody on this machine can read api.private_key_file",
       "whoever has it can issue coupons in the merchant's name", "chmod 600");
  find(findings, merchant.timestamp_tolerance > kClockMax, FindingSeverity::kAdvice,
       "tolerance_wide", whose + ": timestamp_tolerance_s is above 300",
       "a recorded notification can be replayed for longer than WeChat Pay intends",
       "set it to 300 and keep the clock right");
}

bool holds(const std::vector<std::string>& serials, std::string_view wanted) {
  return std::ranges::any_of(
      serials, [&](const std::string& serial) { return crypto::is_same_serial(serial, wanted); });
}

std::string list_of(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : boost::algorithm::join(texts, ", ");
}

std::vector<std::string> loaded_serials(const MerchantFacts& merchant, sys_seconds now) {
  std::vector<std::string> loaded = merchant.public_key_ids;
  for (const CertificateFacts& certificate : merchant.certificates) {
    if (certificate.expires_at >= now) loaded.push_back(certificate.serial);
  }
  return loaded;
}

void diagnose_serials(const MerchantFacts& merchant, sys_seconds now, Findings& findings) {
  const std::string& asked_for = merchant.api->signed_with;
  const auto loaded = loaded_serials(merchant, now);
  find(findings, !asked_for.empty() && !holds(loaded, asked_for) && !loaded.empty(),
       FindingSeverity::kBlocking, "serial_not_loaded",
       "merchant " + merchant.mchid + ": WeChat Pay signs with " + asked_for + "; loaded are " +
           list_of(loaded),
       "notifications signed with it are refused",
       "run `couponhook certificates fetch`, or configure the public key of that id");
}

void diagnose_api(const MerchantFacts& merchant, Findings& findings) {
  if (!merchant.api) return;
  const ApiFacts& api = *merchant.api;
  const std::string whose = "merchant " + merchant.mchid;
  find(findings, !api.failure.empty(), FindingSeverity::kSoon, "api_fails",
       whose + ": WeChat Pay's API: " + api.failure,
       "certificates are not refreshed, and nothing can be set or reconciled",
       "see the message; `couponhook callbacks get` shows it again");
  if (api.clock_ahead) {
    const seconds off(std::abs(api.clock_ahead->count()));
    const std::string what = "this machine's clock is " + std::to_string(off.count()) + " s " +
                             (api.clock_ahead->count() > 0 ? "ahead of" : "behind") +
                             " WeChat Pay's";
    find(findings, off >= kClockMax, FindingSeverity::kBlocking, "clock_wrong", what,
         "every notification is refused as too old or too new", "run an NTP client");
    find(findings, off >= kClockNotice && off < kClockMax, FindingSeverity::kSoon, "clock_drifts",
         what, "from 300 s on every notification is refused", "run an NTP client");
  }
  for (const CallbackFacts& callback : api.callbacks) {
    const std::string which = whose + ": the notification URL for " + callback.product;
    const std::string set = "couponhook callbacks set --product " + callback.product + " --url …";
    find(findings, callback.url.empty(), FindingSeverity::kAdvice, "callback_unset",
         which + " is not set", "WeChat Pay sends no notifications", set);
    for (const std::string& rule : callback.broken_rules) {
      find(findings, !callback.url.empty(), FindingSeverity::kBlocking, "callback_unfit",
           which + " breaks a rule: " + rule, "WeChat Pay does not call such a URL", set);
    }
    find(findings, !callback.url.empty() && !callback.url.ends_with(merchant.path),
         FindingSeverity::kBlocking, "callback_elsewhere",
         which + " does not end in " + merchant.path,
         "its notifications do not come here, unless a load balancer rewrites the path", set);
    find(findings, !callback.tls_problem.empty(), FindingSeverity::kBlocking, "callback_tls",
         which + ": " + callback.tls_problem,
         "WeChat Pay does not connect to a server whose chain it cannot verify",
         "where TLS ends there, install a certificate of a public CA for that name, with its "
         "intermediates");
    find(findings, !callback.http_problem.empty(), FindingSeverity::kAdvice, "callback_unanswered",
         which + ": " + callback.http_problem, "it may not answer WeChat Pay either",
         "try it from outside: curl -i -X POST " + callback.url + " must answer 401");
  }
}

std::uint64_t rejected(const ServiceFacts& service, const std::string& code) {
  const auto found = service.rejected.find(code);
  return found == service.rejected.end() ? 0 : found->second;
}

/// Adds a finding about requests that were signed with unknown key serials. When WeChat Pay changes
/// its keys, some notifications arrive before the new key is loaded; WeChat Pay sends them again.
void diagnose_unknown_serials(const ServiceFacts& service, const std::vector<std::string>& loaded,
                              Findings& findings) {
  std::vector<std::string> missing = service.unknown_serials;
  std::erase_if(missing, [&](const std::string& serial) { return holds(loaded, serial); });
  const std::uint64_t count = rejected(service, "SERIAL_UNKNOWN");
  const std::string counted =
      std::to_string(count) + " notifications were refused with SERIAL_UNKNOWN";
  const bool was_loaded_since = missing.empty() && !service.unknown_serials.empty();
  find(
      findings, count > 0 && !was_loaded_since, FindingSeverity::kBlocking, "serials_unknown",
      counted,
      "they name keys that are not loaded: " + list_of(missing) + "; loaded are " + list_of(loaded),
      "run `couponhook certificates fetch`, or configure the public key of that id");
  find(findings, count > 0 && was_loaded_since, FindingSeverity::kAdvice, "serials_were_unknown",
       counted, "the keys they named have been loaded since: " + list_of(service.unknown_serials),
       "nothing, if it was in the last minutes; else run `couponhook reconcile`");
}

/// Adds findings about faults of keys and certificates that the running service reports.
void diagnose_certificate_upkeep(const ServiceFacts& service, Findings& findings) {
  for (const auto& [unit, why] : service.refused_units) {
    const bool receives = unit.starts_with("merchant:") || unit == "listener" || unit == "config";
    find(findings, true, receives ? FindingSeverity::kBlocking : FindingSeverity::kSoon,
         "unit_refused", "the service could not load " + unit + ": " + why,
         "it keeps using the previous version, if there was one",
         "correct it; it is loaded without a restart");
  }
  for (const std::string& file : service.expired_certificates) {
    find(findings, true, FindingSeverity::kBlocking, "served_certificate_expired",
         "the service shows an expired certificate, of " + file,
         "clients that verify it do not connect", "renew it; it is loaded without a restart");
  }
  for (const std::string& why : service.unsaved_certificates) {
    find(findings, true, FindingSeverity::kBlocking, "certificates_unkept", why,
         "fetched platform certificates are in memory only: after a restart without a network "
         "nothing can be verified",
         "have the service's user write to api.certificate_directory");
  }
}

/// Adds findings about stored notifications and deliveries that wait for an operator's action.
void diagnose_backlog(const ServiceFacts& service, Findings& findings) {
  find(findings, service.unreadable > 0, FindingSeverity::kSoon, "unreadable",
       std::to_string(service.unreadable) + " stored notifications could not be read",
       "the ledger lacks these events, and WeChat Pay does not send them again",
       "see `couponhook notifications --state unreadable`; after an upgrade `couponhook quarantine "
       "open --all` reads them again");
  for (const auto& [handler, count] : service.unclaimed) {
    find(findings, true, FindingSeverity::kSoon, "deliveries_unclaimed",
         std::to_string(count) + " open deliveries are for handler " + handler +
             ", which is not configured",
         "they are not delivered",
         "move them with `couponhook retry --handler " + handler +
             " --to NEW`, or drop them with `couponhook skip --handler " + handler +
             " --reason WHY`");
  }
  for (const std::string& pause : service.pauses) {
    find(findings, true, FindingSeverity::kAdvice, "paused", "deliveries are held back: " + pause,
         "they wait until the pause is ended",
         "run `couponhook resume` with the options of the pause");
  }
}

void diagnose_service(const ServiceFacts& service, const std::vector<std::string>& loaded,
                      Findings& findings) {
  find(findings, !service.failure.empty(), FindingSeverity::kBlocking, "service_silent",
       service.failure, "no notifications are received", "start `couponhook serve`");
  find(findings, service.failure.empty() && !service.ready, FindingSeverity::kBlocking, "not_ready",
       "the service says that it is not ready", "load balancers send it nothing",
       "see GET /readyz for the reasons");
  diagnose_certificate_upkeep(service, findings);
  const auto rejects = [&](const std::string& code, std::string name, std::string why,
                           std::string to_do) {
    const std::uint64_t count = rejected(service, code);
    find(findings, count > 0, FindingSeverity::kBlocking, std::move(name),
         std::to_string(count) + " notifications were refused with " + code, std::move(why),
         std::move(to_do));
  };
  rejects("HEADERS_MISSING", "headers_stripped",
          "a proxy or CDN in front strips Wechatpay-* headers, or somebody else calls",
          "let these headers through");
  rejects("TIMESTAMP_INVALID", "timestamps_refused",
          "the clock is wrong, or somebody replays old requests",
          "run an NTP client, then check the peers in the log");
  diagnose_unknown_serials(service, loaded, findings);
  rejects("SIGNATURE_INVALID", "signatures_refused",
          "a proxy in front changes bodies, the platform key is wrong, or somebody forges requests",
          "let bodies through untouched: no decompression, no JSON rewriting");
  for (const ServiceFacts::ChangedRequests& changed : service.changed_requests) {
    find(findings, true, FindingSeverity::kBlocking, "requests_changed",
         "the proxy at " + changed.hop + " changes requests: " + changed.cause + " (seen " +
             std::to_string(changed.requests) + " times)",
         "WeChat Pay's signature does not fit a changed request, so it is refused", changed.remedy);
  }
  find(findings, service.sealed > 0, FindingSeverity::kBlocking, "quarantined",
       std::to_string(service.sealed) + " signed notifications are in quarantine, not decrypted",
       "usually the APIv3 key is not the one set in the console",
       "correct api_v3_key_files, then run `couponhook quarantine open --all`; `couponhook "
       "notifications --state quarantined` lists them");
  diagnose_backlog(service, findings);
}

}  // namespace

std::string_view to_string(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kBlocking:
      return "blocking";
    case FindingSeverity::kSoon:
      return "soon";
    case FindingSeverity::kAdvice:
      return "advice";
  }
  return "";
}

Findings diagnose(const DoctorFacts& facts) {
  Findings findings;
  diagnose_configuration(facts, findings);
  diagnose_listener(facts, findings);
  for (const MerchantFacts& merchant : facts.merchants) {
    diagnose_certificates(merchant, facts.now, findings);
    diagnose_merchant(merchant, findings);
    diagnose_api(merchant, findings);
    if (merchant.api) diagnose_serials(merchant, facts.now, findings);
  }
  std::vector<std::string> loaded;
  for (const MerchantFacts& merchant : facts.merchants) {
    std::ranges::move(loaded_serials(merchant, facts.now), std::back_inserter(loaded));
  }
  if (facts.service) diagnose_service(*facts.service, loaded, findings);
  return findings;
}

}  // namespace couponhook::server
