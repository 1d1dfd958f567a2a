#include "server/service/setup.hpp"

#include <algorithm>

#include "server/alert/alert_target.hpp"
#include "server/outbound/api_account.hpp"
#include "server/receive/ledger_coverage.hpp"

namespace couponhook::server {
namespace {

std::vector<handlers::EventPattern> parse_patterns(const HandlerConfig& handler,
                                                   const std::string& where,
                                                   std::vector<Problem>& problems) {
  std::vector<handlers::EventPattern> patterns;
  for (const std::string& text : handler.events) {
    auto pattern = handlers::EventPattern::parse(text);
    if (pattern) {
      patterns.push_back(std::move(*pattern));
    } else {
      problems.push_back({where, pattern.error()});
    }
  }
  return patterns;
}

/// Checks that a ledger is configured if reconciliation is configured. Without a ledger, every
/// comparison would report every entry in WeChat Pay's records as missing.
void check_reconcile(const Config& config, const ReceiveRules& rules,
                     std::vector<Problem>& problems) {
  for (const MerchantConfig& merchant : config.merchants) {
    const auto check = [&](const char* key, std::span<const std::string_view> events) {
      const std::string why = why_ledger_is_short(rules.ledger, events);
      if (why.empty()) return;
      problems.push_back(
          {config.file.string() + ": merchant " + merchant.mchid + ": reconcile." + key, why});
    };
    if (!merchant.reconcile.stocks.empty()) check("stocks", kFlowEvents);
    if (merchant.reconcile.asks_for_users()) {
      check(merchant.reconcile.appid.empty() ? "issued_file" : "appid", kUserEvents);
    }
  }
}

/// Loads the TLS certificate of a listener.
/// \return the TLS context, also when the certificate has expired: some clients still accept an
///   expired certificate, so a listener with an expired certificate is better than no listener. The
///   result is null if the files cannot be used.
TlsContext load_tls(const std::string& where, const std::filesystem::path& certificate,
                    const std::filesystem::path& key, std::string_view unit,
                    std::vector<Problem>& problems) {
  auto tls = make_server_tls(certificate, key);
  if (tls) return *tls;
  problems.push_back({where, tls.error().text()});
  problems.back().unit = unit;
  if (tls.error().code != TlsFileError::kExpired) return nullptr;
  auto expired = make_server_tls_even_expired(certificate, key);
  return expired ? *expired : nullptr;
}

void load_admin(Setup& setup, const Config& config, std::chrono::sys_seconds now,
                std::vector<Problem>& problems) {
  const std::string where = config.file.string() + ": admin.";
  const AdminConfig& admin = config.admin;
  if (!admin.tls_certificate.empty()) {
    setup.admin_tls = load_tls(where + "tls_certificate", admin.tls_certificate,
                               admin.tls_private_key, kAdminUnit, problems);
    // If the admin certificate cannot be loaded, use a self-signed substitute. Without TLS, clients
    // would send the admin token unencrypted over the network.
    if (!setup.admin_tls) setup.admin_tls = make_temporary_server_tls(now);
  }
  const std::size_t from = problems.size();
  setup.admin_tokens = std::make_shared<const AdminTokens>(load_admin_tokens(config, problems));
  assign_to_unit(problems, from, std::string(kAdminTokenUnit));
}

}  // namespace

ReceiveRules make_rules(const Config& config, std::vector<Problem>& problems) {
  ReceiveRules rules;
  for (const HandlerConfig& handler : config.handlers) {
    const std::string where = config.file.string() + ": handler \"" + handler.name + "\"";
    auto patterns = parse_patterns(handler, where + ".events", problems);
    if (handler.is_ledger()) {
      rules.ledger.add(handler.name, std::move(patterns));
      continue;
    }
    if (handler.outward.ack == AckMode::kHandled) rules.awaited.insert(handler.name);
    rules.outward.add(handler.name, std::move(patterns));
  }
  return rules;
}

void check_outbound_files(const Config& config, std::vector<Problem>& problems) {
  for (const MerchantConfig& merchant : config.merchants) {
    if (merchant.api) check_api_files(config, merchant, problems);
  }
}

void check_rules(const Config& config, std::vector<Problem>& problems) {
  const ReceiveRules rules = make_rules(config, problems);
  check_reconcile(config, rules, problems);
}

bool can_serve(const Setup& setup, std::span<const Problem> problems,
               std::chrono::sys_seconds now) {
  const bool whole =
      std::ranges::all_of(problems, [](const Problem& problem) { return !problem.unit.empty(); });
  if (!whole || (setup.config.listener.tls && !setup.tls)) return false;
  return std::ranges::any_of(setup.config.merchants, [&](const MerchantConfig& entry) {
    const Merchant* const merchant = setup.merchants->find_mchid(entry.mchid);
    if (merchant == nullptr || merchant->ciphers.empty()) return false;
    return has_live_key(*merchant, now) || entry.fetches_certificates();
  });
}

storage::StoreOptions store_options(const Config& config) {
  storage::StoreOptions options;
  // Limit SQL statements to the reply budget (time limit for a reply). A statement that takes
  // longer is useless: its sender has already got a reply.
  options.statement_max = std::min(config.store.statement_timeout, config.listener.reply_budget);
  options.admission_wait = config.listener.reply_budget;
  options.commit_max = config.store.commit_timeout;
  return options;
}

Setup prepare_setup(Config config, const handlers::HandlerTypes& types,
                    std::chrono::sys_seconds now, std::vector<Problem>& problems) {
  Setup setup;
  setup.marks = read_unit_marks(config);
  setup.merchants = load_merchants(config, now, problems);
  if (config.listener.tls && !config.listener.tls_certificate.empty()) {
    setup.tls = load_tls(config.file.string() + ": listener.tls_certificate",
                         config.listener.tls_certificate, config.listener.tls_private_key,
                         kListenerUnit, problems);
  }
  load_admin(setup, config, now, problems);
  setup.rules = make_rules(config, problems);
  check_reconcile(config, setup.rules, problems);
  setup.handlers = prepare_handlers(config, types, problems);
  check_alert_files(config, problems);
  setup.config = std::move(config);
  return setup;
}

}  // namespace couponhook::server
