#include <algorithm>

#include "crypto/signer.hpp"
#include "server/file.hpp"
#include "server/ledger_needs.hpp"
#include "server/service.hpp"

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

/// Comparing with WeChat Pay's books without a ledger would find everything missing, for ever.
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

TlsContext load_tls(const std::string& where, const std::filesystem::path& certificate,
                    const std::filesystem::path& key, std::vector<Problem>& problems) {
  auto tls = make_server_tls(certificate, key);
  if (tls) return *tls;
  problems.push_back({where, tls.error()});
  return nullptr;
}

}  // namespace

void check_outbound_files(const Config& config, std::vector<Problem>& problems) {
  for (const MerchantConfig& merchant : config.merchants) {
    if (!merchant.api) continue;
    const MerchantApiConfig& api = *merchant.api;
    const std::string where = config.file.string() + ": merchant " + merchant.mchid + ": api.";
    if (!api.private_key_file.empty()) {  // else the configuration's reader has told it
      const auto pem = read_file(api.private_key_file);
      const std::string named = where + "private_key_file: " + api.private_key_file.string();
      if (!pem) {
        problems.push_back({named, pem.error()});
      } else if (const auto signer = crypto::Signer::from_pem(*pem); !signer) {
        problems.push_back({named, signer.error()});
      }
    }
    if (!api.api_v2_key_file.empty()) {
      if (const auto key = read_secret_line(api.api_v2_key_file); !key) {
        problems.push_back(
            {where + "api_v2_key_file: " + api.api_v2_key_file.string(), key.error()});
      }
    }
    if (const auto tls = make_client_tls(api.ca_file); !tls) {
      problems.push_back({where + "ca_file", tls.error()});
    }
  }
}

storage::StoreOptions store_options(const Config& config) {
  storage::StoreOptions options;
  // Whoever waits for a statement longer than for its reply waits in vain.
  options.statement_max = std::min(config.store.statement_timeout, config.listener.reply_budget);
  options.admission_wait = config.listener.reply_budget;
  options.commit_max = config.store.commit_timeout;
  return options;
}

Setup prepare_setup(Config config, const handlers::HandlerTypes& types,
                    std::chrono::sys_seconds now, std::vector<Problem>& problems) {
  Setup setup;
  const std::string file = config.file.string();
  setup.merchants = load_merchants(config, now, problems);
  if (config.listener.tls && !config.listener.tls_certificate.empty()) {
    setup.tls = load_tls(file + ": listener.tls_certificate", config.listener.tls_certificate,
                         config.listener.tls_private_key, problems);
  }
  if (!config.admin.tls_certificate.empty()) {
    setup.admin_tls = load_tls(file + ": admin.tls_certificate", config.admin.tls_certificate,
                               config.admin.tls_private_key, problems);
  }
  auto token = read_secret_line(config.admin.token_file);
  if (token) {
    setup.admin_token = std::move(*token);
  } else if (!config.admin.token_file.empty()) {  // else the configuration's reader has told it
    problems.push_back(
        {file + ": admin.token_file: " + config.admin.token_file.string(), token.error()});
  }
  setup.rules = make_rules(config, problems);
  check_reconcile(config, setup.rules, problems);
  setup.handlers = prepare_handlers(config, types, problems);
  setup.config = std::move(config);
  return setup;
}

}  // namespace couponhook::server
