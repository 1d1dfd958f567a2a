#include <algorithm>
#include <ostream>

#include <rapidjson/document.h>

#include "base/json_writer.hpp"
#include "server/commands/admin_client.hpp"
#include "server/commands/outbound.hpp"
#include "server/commands/reconcile_report.hpp"
#include "server/outbound/ledger_facts.hpp"
#include "wechatpay/identifier.hpp"
#include "wechatpay/refunds.hpp"

namespace couponhook::server {
namespace {

using wechatpay::PlatformRecord;

constexpr std::size_t kEntriesInARequest = 200;

struct ReconcileOptions {
  std::string stock;
  std::string flow;
  std::filesystem::path file;
  UserName user;
  wechatpay::RefundName refund;
  std::string product;
  bool apply = false;
  bool settled = false;
  bool json = false;
  bool csv = false;

  [[nodiscard]] bool asks_for_user() const { return !user.openid.empty(); }
  [[nodiscard]] bool asks_for_refund() const { return !refund.out_refund_no.empty(); }
  [[nodiscard]] FlowName flow_name(const MerchantConfig& merchant) const {
    const auto kind = wechatpay::parse_flow_kind(flow).value();
    return {kind, stock, merchant.reconcile.columns(kind)};
  }
};

/// Checks the combination of the options of `reconcile`.
/// \return the error message; empty if the combination is allowed.
std::string_view wrong_usage(const ReconcileOptions& chosen) {
  if (chosen.settled && !chosen.apply) return "--settled goes with --apply";
  if (chosen.asks_for_refund()) {
    const bool others = chosen.asks_for_user() || !chosen.stock.empty() || !chosen.file.empty() ||
                        !chosen.flow.empty() || !chosen.product.empty();
    return others ? "--refund goes without --stock, --flow, --file, --openid and --product" : "";
  }
  if (!chosen.refund.sub_mchid.empty()) return "--sub-mchid goes with --refund";
  if (chosen.asks_for_user()) {
    if (!chosen.stock.empty() || !chosen.file.empty()) {
      return "--openid goes without --stock and --file";
    }
    return chosen.user.appid.empty() ? "--openid needs --appid" : "";
  }
  if (chosen.stock.empty()) return "give --stock and --flow, or --openid and --appid, or --refund";
  // Check the stock id, because it is used for those rows of the flow file that name no stock.
  if (!wechatpay::has_form(wechatpay::Identifier::kStockId, chosen.stock)) {
    return "--stock is not 1 to 20 digits";
  }
  return chosen.flow.empty() ? "--stock needs --flow use or --flow refund" : "";
}

/// WeChat Pay's records, and the refund that was queried, if it was a refund.
struct Fetched {
  PlatformRecords records;
  std::optional<wechatpay::Refund> refund{};
};
using FetchResult = boost::system::result<Fetched, Exit>;
using RecordsResult = boost::system::result<PlatformRecords, Exit>;

/// Queries one refund. Like all functions named fetch_…, prints an error itself.
FetchResult fetch_refund(const wechatpay::RefundName& name, Outbound& outbound, Runtime& runtime) {
  const auto body = outbound.client.call(wechatpay::show_refund_request(name));
  if (!body) return fail(runtime, body.error());
  auto refund = wechatpay::parse_refund(*body, name);
  if (!refund) return fail(runtime, refund.error());
  Fetched fetched;
  const std::string& mchid = name.sub_mchid.empty() ? outbound.mchid : name.sub_mchid;
  if (auto entry = wechatpay::to_platform_record(*refund, mchid)) {
    fetched.records.entries.push_back(std::move(*entry));
  }
  fetched.refund = std::move(*refund);
  return fetched;
}

/// Fetches WeChat Pay's records of a user's coupons.
RecordsResult fetch_user(const ReconcileOptions& chosen, Outbound& outbound, Runtime& runtime) {
  PlatformRecords all;
  for (const auto& [product, fetch] : {std::pair{"favor", &fetch_favor_records},
                                       std::pair{"busifavor", &fetch_busifavor_records}}) {
    if (!chosen.product.empty() && chosen.product != product) continue;
    auto records = fetch(outbound.client, chosen.user);
    if (!records) return fail(runtime, records.error());
    all.append(std::move(*records));
  }
  return all;
}

RecordsResult fetch_flow(const FlowName& flow, Outbound& outbound, Runtime& runtime) {
  base::Progress progress(progress_on(runtime), "downloaded bytes", 0);
  const auto content =
      download_flow(outbound.client, flow, [&](std::uint64_t received, std::uint64_t total) {
        progress.set(received, total);
        // A download that arrives in one piece ends so soon that it needs no progress line.
        if (received < total) progress.show_when_due(std::chrono::steady_clock::now());
      });
  progress.clear();
  if (!content) return fail(runtime, content.error());
  auto records = read_flow(flow, *content);
  if (records) return std::move(*records);
  print_problems(runtime, {{"the downloaded flow", records.error().text()}});
  return Exit::kFailed;
}

FetchResult with_records(RecordsResult records) {
  if (!records) return records.error();
  return Fetched{std::move(*records)};
}

FetchResult fetch_platform_records(const ReconcileOptions& chosen, const MerchantConfig& merchant,
                                   const CommonOptions& common, Runtime& runtime) {
  if (!chosen.file.empty()) {
    auto records = read_flow_file(chosen.flow_name(merchant), chosen.file);
    if (records) return Fetched{std::move(*records)};
    print_problems(runtime, {{chosen.file.string(), records.error().text()}});
    return Exit::kFailed;
  }
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  if (chosen.asks_for_refund()) return fetch_refund(chosen.refund, *outbound, runtime);
  return with_records(chosen.asks_for_user()
                          ? fetch_user(chosen, *outbound, runtime)
                          : fetch_flow(chosen.flow_name(merchant), *outbound, runtime));
}

std::optional<KnownFacts> read_store(const ReconcileOptions& chosen, const Config& config,
                                     const MerchantConfig& merchant, const Fetched& fetched,
                                     Runtime& runtime) {
  const PlatformRecords& records = fetched.records;
  const std::string where = config.file.string() + ": store.url";
  const auto fail_with = [&](const std::string& message) {
    print_problems(runtime, {{where, message}});
    return std::nullopt;
  };
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url) return fail_with(url.error().message);
  const auto store = storage::Store::inspect(*url, {});
  if (!store) return fail_with(store.error().message);
  auto connection = (*store)->reader();
  if (!connection) return fail_with(connection.error().message);
  storage::LedgerReader reader(std::move(*connection));
  auto facts = fetched.refund ? facts_of_refund(reader, *fetched.refund)
               : chosen.asks_for_user()
                   ? facts_of_named_coupons(reader, records)
                   : facts_of_flow(reader, chosen.flow_name(merchant), records);
  if (!facts) return fail_with(facts.error().message);
  return std::move(*facts);
}

/// Returns a description of the events that the comparison with WeChat Pay's records covers, for
/// the user.
std::string_view compared_by(const ReconcileOptions& chosen) {
  if (chosen.asks_for_refund()) return "one refund, its amounts and the shares of its coupons";
  if (!chosen.asks_for_user()) return chosen.flow == "use" ? "redemptions" : "refunds";
  if (chosen.product == "favor") return "redemptions of favor coupons";
  if (chosen.product == "busifavor") return "issues of merchant coupons";
  return "redemptions of favor coupons, issues of merchant coupons";
}

std::string intake_json(const std::string& mchid, std::span<const PlatformRecord* const> entries) {
  base::JsonWriter json;
  json.begin().text("mchid", mchid).begin_list("entries");
  for (const PlatformRecord* entry : entries) {
    json.begin()
        .text("id", entry->notification_id())
        .text("event_type", entry->event_type)
        .text("original_type", entry->original_type)
        .text("summary", entry->summary)
        .text("create_time", entry->occurred_at)
        .text("resource", entry->resource)
        .end();
  }
  return json.end_list().end().take();
}

/// Returns an error message for the case that the service refused the entries to be stored. The
/// text includes the message in the service's reply, if the reply has one.
std::string refusal(const AdminAnswer& answer) {
  rapidjson::Document document;
  document.Parse(answer.body.data(), answer.body.size());
  const bool has_message = !document.HasParseError() && document.IsObject() &&
                           document.HasMember("message") && document["message"].IsString();
  return "rejected the entries (status " + std::to_string(answer.status) + "): " +
         (has_message ? document["message"].GetString()
                      : "does it have the same version as this command?");
}

bool count_outcomes(const AdminAnswer& answer, Applied& applied) {
  rapidjson::Document document;
  document.Parse(answer.body.data(), answer.body.size());
  if (answer.status != 200 || document.HasParseError() || !document.IsObject() ||
      !document.HasMember("outcomes") || !document["outcomes"].IsArray()) {
    return false;
  }
  for (const auto& outcome : document["outcomes"].GetArray()) {
    const std::string_view word = outcome.IsString() ? outcome.GetString() : "";
    applied.stored += word == "stored" ? 1U : 0U;
    applied.duplicates += word == "duplicate" ? 1U : 0U;
    applied.conflicts += word == "conflict" ? 1U : 0U;
    applied.failed += word == "failed" ? 1U : 0U;
  }
  return true;
}

/// Sends the entries that the ledger lacks to the running service. If that fails, prints the error
/// and returns nothing.
std::optional<Applied> apply(const Config& config, const std::string& mchid,
                             std::span<const PlatformRecord* const> missing, Runtime& runtime) {
  base::Progress progress(progress_on(runtime), "tried", missing.size());
  Applied applied;
  for (std::size_t done = 0; done < missing.size(); done += kEntriesInARequest) {
    const auto part = missing.subspan(done, std::min(kEntriesInARequest, missing.size() - done));
    const auto answer = ask_admin(config, "POST", "/books", intake_json(mchid, part));
    std::optional<Problem> problem;
    if (!answer) {
      problem = answer.error();
    } else if (!count_outcomes(*answer, applied)) {
      problem = Problem{"the running service", refusal(*answer)};
    }
    if (problem) {
      progress.clear();
      print_problems(runtime, {*problem});
      return std::nullopt;
    }
    progress.set(done + part.size(), missing.size());
    progress.show_when_due(std::chrono::steady_clock::now());
  }
  progress.clear();
  return applied;
}

Exit reconcile(const ReconcileOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  if (const auto wrong = wrong_usage(chosen); !wrong.empty()) {
    runtime.err << "couponhook: " << wrong << " (see couponhook reconcile --help)\n";
    return Exit::kUsage;
  }
  if (chosen.asks_for_refund()) {
    const auto broken = wechatpay::violations(chosen.refund);
    if (!broken.empty()) return refuse(runtime, "--refund", broken);
  }
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  const MerchantConfig* merchant = choose_merchant(*config, common, runtime);
  if (merchant == nullptr) return Exit::kUsage;
  const auto fetched = fetch_platform_records(chosen, *merchant, common, runtime);
  if (!fetched) return fetched.error();
  const PlatformRecords& records = fetched->records;
  const auto facts = read_store(chosen, *config, *merchant, *fetched, runtime);
  if (!facts) return Exit::kFailed;
  ReconcileOutcome outcome{wechatpay::compare(records.entries, *facts),
                           records.problems,
                           records.malformed,
                           records.not_compared,
                           compared_by(chosen),
                           fetched->refund,
                           std::nullopt};
  if (chosen.apply) {
    const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
    wechatpay::AdmissionWindow window{facts_known_since(config->store, now), std::nullopt};
    // Without --settled, the user asked to store every missing entry, also a young entry for which
    // WeChat Pay may still send a notification. The event's business key (such as coupon and
    // transaction) prevents a second delivery.
    if (chosen.settled) window.until = now - merchant->reconcile.settle;
    const auto missing = wechatpay::admissible(outcome.report, records.entries, window);
    outcome.applied = apply(*config, merchant->mchid, missing.entries, runtime);
    if (!outcome.applied) return Exit::kFailed;
    outcome.applied->outdated = missing.outdated;
    outcome.applied->unsettled = missing.unsettled;
  }
  const auto print = chosen.json  ? print_report_json
                     : chosen.csv ? print_report_csv
                                  : print_report_table;
  print(outcome, runtime.out);
  return outcome.applied && outcome.applied->failed != 0 ? Exit::kFailed : Exit::kOk;
}

}  // namespace

void declare_reconcile(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<ReconcileOptions>();
  Options options = line.add(
      "reconcile",
      "Compare the store with WeChat Pay's own records, and store the missing notifications",
      [chosen, &common, &runtime] { return reconcile(*chosen, common, runtime); });
  add_merchant_options(options, common);
  options.text("--stock", chosen->stock, "Id of a stock whose activity has ended");
  options.word("--flow", chosen->flow, {"use", "refund"},
               "Compare the stock's redemptions (use) or refunds (refund)");
  options.path("--file", chosen->file, "The flow file, already downloaded");
  options.text("--openid", chosen->user.openid,
               "Compare the coupons of this user instead of a stock");
  options.text("--appid", chosen->user.appid, "The appid that the openid belongs to");
  options.word("--product", chosen->product, {"favor", "busifavor"},
               "Only the user's coupons of this kind");
  options.text("--refund", chosen->refund.out_refund_no,
               "Compare one refund, by your own number of it (out_refund_no)");
  options.text("--sub-mchid", chosen->refund.sub_mchid,
               "With --refund, as a service provider: the merchant that was paid");
  options.flag("--apply", chosen->apply,
               "Store the missing notifications, through the running service");
  options.flag(
      "--settled", chosen->settled,
      "With --apply: store only events that are older than reconcile.settle_s, as `serve` does");
  options.flag("--json", chosen->json, "Print JSON");
  options.flag("--csv", chosen->csv, "As CSV");
}

}  // namespace couponhook::server
