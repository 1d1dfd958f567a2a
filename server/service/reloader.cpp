#include "server/service/reloader.hpp"

#include <algorithm>
#include <utility>

#include <boost/algorithm/string/join.hpp>

#include "server/admin/admin_tokens.hpp"
#include "server/alert/alert_target.hpp"
#include "server/config/setting_changes.hpp"
#include "server/outbound/api_account.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {
namespace {

/// Longest time for which one TLS context (and its session ticket keys) is used. A new context has
/// new session ticket keys, so a stolen key is useless after this time.
constexpr std::chrono::hours kTicketKeyLife{12};

/// Groups problems by the part of the set-up (reload unit) that they belong to. One reload unit may
/// have several problems.
std::map<std::string, std::vector<Problem>> by_unit(std::span<const Problem> problems) {
  std::map<std::string, std::vector<Problem>> units;
  for (const Problem& problem : problems) units[problem.unit].push_back(problem);
  return units;
}

/// Decides whether the keys of a merchant that could only partly be reloaded should replace the
/// merchant's active keys.
/// \return true if no active platform key is valid now, or if a downloaded platform certificate
///   would otherwise stay unused. The caller then also keeps the active platform keys. A
///   notification that can be verified but not decrypted goes into quarantine, so nothing is lost.
bool is_better(const Merchant& partial, const Merchant* in_force, FetchedSpan fetched,
               std::chrono::sys_seconds now) {
  if (in_force == nullptr || !has_live_key(*in_force, now)) return true;
  const auto& keys = in_force->platform_keys;
  const bool brings_any = std::ranges::any_of(
      fetched, [&](const auto& each) { return keys.find(each.serial) == nullptr; });
  return brings_any && !partial.ciphers.empty();
}

}  // namespace

Reloader::Reloader(const Config& config, const UnitMarks& marks, std::span<const Problem> problems,
                   ReloadTargets targets, const Environment& environment,
                   const handlers::HandlerTypes& types, base::WallClock clock, Log& log)
    : config_(std::make_shared<const Config>(config)),
      started_settings_(config.settings),
      targets_(std::move(targets)),
      environment_(environment),
      types_(types),
      clock_(std::move(clock)),
      log_(log),
      config_watch_(
          {std::string(kConfigUnit), {config.file}, [this] { return load_config_file(); }},
          marks.at(std::string(kConfigUnit))) {
  counters_.add(std::string(kConfigUnit));
  for (const auto& merchant : targets_.live.merchants.get()->shared()) {
    merchants_[merchant->mchid] = merchant;
  }
  watch_units(marks);
  for (const auto& [unit, all] : by_unit(problems)) {
    const std::string why = join_problems(all);
    counters_.refused(unit, why);
    log_.message(Severity::kError, "not_loaded",
                 unit + ": " + why + "; the rest is served, and this is tried again every " +
                     std::to_string(UnitWatch::kRetry.count()) + " s");
    for (UnitWatch& watch : watches_) {
      if (watch.name() == unit) watch.refuse(why, SteadyClock::now());
    }
  }
}

std::chrono::sys_seconds Reloader::now() const {
  return std::chrono::floor<std::chrono::seconds>(clock_());
}

void Reloader::watch_units(const UnitMarks& marks) {
  watches_.clear();
  for (ReloadUnit& unit : units_of_config()) {
    counters_.add(unit.name);
    const auto known = marks.find(unit.name);
    FileMarks of_unit = known == marks.end() ? FileMarks() : known->second;
    watches_.emplace_back(std::move(unit), std::move(of_unit));
  }
}

std::vector<ReloadUnit> Reloader::units_of_config() {
  const Config& config = *config_;
  std::vector<ReloadUnit> units;
  for (const MerchantConfig& entry : config.merchants) units.push_back(merchant_unit_of(entry));
  // A reload cannot switch TLS on or off: a listener keeps the choice with which it started.
  if (targets_.live.tls.get()->context && config.listener.tls) {
    units.push_back(tls_unit_of(kListenerUnit, targets_.live.tls, config.listener.tls_certificate,
                                config.listener.tls_private_key));
  }
  if (targets_.live.admin_tls.get()->context && !config.admin.tls_certificate.empty()) {
    units.push_back(tls_unit_of(kAdminUnit, targets_.live.admin_tls, config.admin.tls_certificate,
                                config.admin.tls_private_key));
  }
  units.push_back({std::string(kAdminTokenUnit), {}, [this] { return load_admin_token(); }});
  std::size_t number = 0;
  for (const HandlerConfig& entry : config.handlers) {
    ++number;
    if (!entry.is_ledger()) units.push_back(handler_unit_of(entry, number));
  }
  for (const MerchantConfig& entry : config.merchants) {
    if (!entry.api) continue;
    // For calls to WeChat Pay, a reload has no loaded state to replace, because each call opens its
    // key files again. So the reload only checks these files.
    units.push_back({merchant_api_unit(entry.mchid), {}, [config = config_, &entry] {
                       std::vector<Problem> problems;
                       check_api_files(*config, entry, problems);
                       return problems;
                     }});
  }
  for (std::size_t i = 1; i <= config.alerts.size(); ++i) {
    // The files of an alert are read for each message, so the reload only checks them.
    units.push_back(
        {alert_unit(i), {}, [config = config_, i] { return check_alert_file(*config, i); }});
  }
  const UnitFiles files = unit_files(config);
  for (ReloadUnit& unit : units) unit.files = files.at(unit.name);
  return units;
}

ReloadUnit Reloader::merchant_unit_of(const MerchantConfig& entry) {
  return {merchant_unit(entry.mchid), {}, [this, config = config_, &entry] {
            return load_merchant_keys(entry);
          }};
}

ReloadUnit Reloader::handler_unit_of(const HandlerConfig& entry, std::size_t number) {
  return {handler_unit(entry.name), {}, [this, config = config_, &entry, number] {
            return load_handler(entry, number);
          }};
}

ReloadUnit Reloader::tls_unit_of(std::string_view name, base::Live<ServedTls>& served,
                                 const std::filesystem::path& certificate,
                                 const std::filesystem::path& key) {
  const std::string unit(name);
  tls_made_at_.try_emplace(unit, SteadyClock::now());
  const std::string where = config_->file.string() + ": " + unit + ".tls_certificate";
  const auto load = [this, unit, where, &served, certificate, key] {
    std::vector<Problem> problems;
    const auto tls = make_server_tls(certificate, key);
    if (!tls) {
      problems.push_back({where, tls.error().text()});
      return problems;
    }
    served.set(std::make_shared<const ServedTls>(ServedTls{*tls, certificate}));
    tls_made_at_[unit] = SteadyClock::now();
    return problems;
  };
  const auto is_stale = [this, unit, &served] {
    const auto end = certificate_end(served.get()->context);
    return SteadyClock::now() - tls_made_at_[unit] > kTicketKeyLife || (end && *end < now());
  };
  return {unit, {}, load, is_stale};
}

std::vector<Problem> Reloader::load_config_file() {
  std::vector<Problem> problems;
  auto config = read_config(config_->file, environment_, problems);
  if (!config || !problems.empty()) return problems;
  check_rules(*config, problems);
  if (!problems.empty()) return problems;
  next_ = std::make_shared<const Config>(std::move(*config));
  return problems;
}

std::vector<Problem> Reloader::load_merchant_keys(const MerchantConfig& entry) {
  std::vector<Problem> problems;
  const auto fetched = targets_.fetched.of(entry.mchid);
  Merchant merchant = load_live_merchant(*config_, entry, fetched, now(), problems);
  const auto known = merchants_.find(entry.mchid);
  const Merchant* const in_force = known == merchants_.end() ? nullptr : known->second.get();
  // Do not add a new merchant without a usable key: it would make the whole replica "not ready".
  if (!problems.empty() && in_force == nullptr && !has_live_key(merchant, now())) return problems;
  if (!problems.empty() && !is_better(merchant, in_force, fetched, now())) return problems;
  if (!problems.empty() && in_force != nullptr) {
    merchant.platform_keys.add_missing(in_force->platform_keys);
  }
  if (problems.empty() && in_force != nullptr && has_live_key(*in_force, now()) &&
      !has_live_key(merchant, now())) {
    return {{config_->file.string() + ": merchant " + entry.mchid + ": keys",
             "its files no longer hold a live platform key; restore them"}};
  }
  merchants_[entry.mchid] = std::make_shared<const Merchant>(std::move(merchant));
  publish_merchants();
  return problems;
}

void Reloader::publish_merchants() {
  Merchants::Shared all;
  for (const MerchantConfig& entry : config_->merchants) {
    const auto found = merchants_.find(entry.mchid);
    if (found != merchants_.end()) all.push_back(found->second);
  }
  targets_.live.merchants.set(std::make_shared<const Merchants>(std::move(all)));
}

std::vector<Problem> Reloader::load_admin_token() {
  std::vector<Problem> problems;
  auto tokens = load_admin_tokens(*config_, problems);
  if (problems.empty()) {
    targets_.live.admin_tokens.set(std::make_shared<const AdminTokens>(std::move(tokens)));
  }
  return problems;
}

std::vector<Problem> Reloader::load_handler(const HandlerConfig& entry, std::size_t number) {
  const auto running =
      std::ranges::find(targets_.handlers, entry.name,
                        [](const HandlerSetup& each) { return each.handler_worker.handler; });
  const bool is_running = running != targets_.handlers.end();
  // A handler type from the user's own program is created only once: a second object might not be
  // able to open the same resources again.
  const bool is_own = std::holds_alternative<OwnHandlerConfig>(entry.own);
  if (is_own && is_running && running->is_loaded()) return {};
  std::vector<Problem> problems;
  const HandlerSetup fresh = prepare_handler(*config_, entry, number, types_, problems);
  if (problems.empty() && is_running) renew_handler(*running, fresh);
  return problems;
}

void Reloader::adopt_next_config(RoundResult& result) {
  result.changed_keys = changed_keys(*config_->settings, *next_->settings);
  config_ = std::move(next_);
  // POST /log may have set another level. Each reload sets the level of the file again.
  log_.set_level(config_->log.level);
  const UnitFiles units = unit_files(*config_);
  counters_.keep_only(units);
  std::erase_if(merchants_,
                [&](const auto& each) { return !units.contains(merchant_unit(each.first)); });
  publish_merchants();
  UnitMarks marks;
  for (const UnitWatch& watch : watches_) marks[watch.name()] = watch.marks();
  watch_units(marks);
}

void Reloader::visit(UnitWatch& watch, Which which, std::string_view unit, RoundResult& result) {
  const bool wanted = which == Which::kAll || (which == Which::kOne && watch.name() == unit) ||
                      (which == Which::kDue && watch.is_due(SteadyClock::now()));
  if (!wanted) return;
  const auto outcome = watch.load(SteadyClock::now(), which == Which::kAll);
  if (outcome.error.empty()) {
    counters_.loaded(watch.name());
    result.loaded.push_back(watch.name());
    if (outcome.has_changed) result.changed.push_back(watch.name());
    return;
  }
  counters_.refused(watch.name(), outcome.error);
  if (outcome.must_log) result.refused.push_back(watch.name() + ": " + outcome.error);
}

std::string Reloader::describe(const RoundResult& result) const {
  const auto join = [](const std::vector<std::string>& names) {
    return boost::algorithm::join(names, ", ");
  };
  std::string text = join(result.loaded) + ": loaded again";
  text += result.changed.empty() ? "; no file has changed"
                                 : "; files have changed of: " + join(result.changed);
  if (!result.changed_keys.empty()) text += "; settings changed: " + join(result.changed_keys);
  std::vector<std::string> waiting = changed_keys(*started_settings_, *config_->settings);
  std::erase_if(waiting, [](const std::string& key) { return is_reloaded(key); });
  if (!waiting.empty()) text += "; a restart is needed for: " + join(waiting);
  return text;
}

void Reloader::load_units(Which which, std::string_view unit) {
  RoundResult result;
  visit(config_watch_, which, unit, result);
  if (next_) {
    adopt_next_config(result);
    which = Which::kAll;
  }
  for (UnitWatch& watch : watches_) visit(watch, which, unit, result);
  if (!result.loaded.empty()) {
    log_.message(Severity::kInfo, "reloaded", describe(result));
  }
  for (const std::string& refused : result.refused) {
    log_.message(Severity::kError, "reload_refused",
                 refused + "; the previous version stays in use, and this is tried again every " +
                     std::to_string(UnitWatch::kRetry.count()) + " s");
  }
  if (!result.loaded.empty()) targets_.on_reloaded(*config_);
}

}  // namespace couponhook::server
