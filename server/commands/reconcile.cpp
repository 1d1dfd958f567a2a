#include <algorithm>
#include <ostream>
#include <unordered_set>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "server/commands/admin_client.hpp"
#include "server/commands/outbound.hpp"
#include "server/commands/reconcile_report.hpp"
#include "server/outbound/books.hpp"
#include "storage/ledger_reader.hpp"

namespace couponhook::server {
namespace {

using wechatpay::BookEntry;
using wechatpay::FactKind;
using wechatpay::Finding;
using wechatpay::FlowKind;
using wechatpay::KnownFact;

constexpr std::int64_t kFactsInAPage = 5000;
constexpr std::size_t kEntriesInARequest = 200;

struct ReconcileOptions {
  std::string stock;
  std::string flow;
  std::filesystem::path file;
  UserName user;
  std::string product;
  bool apply = false;
  bool json = false;
  bool csv = false;

  [[nodiscard]] bool asks_for_user() const { return !user.openid.empty(); }
  [[nodiscard]] FlowName flow_name() const {
    return {wechatpay::parse_flow_kind(flow).value(), stock};
  }
};

/// \return what is wrong with the usage; empty where nothing is.
std::string_view wrong_usage(const ReconcileOptions& chosen) {
  if (chosen.asks_for_user()) {
    if (!chosen.stock.empty() || !chosen.file.empty()) {
      return "--openid goes without --stock and --file";
    }
    return chosen.user.appid.empty() ? "--openid needs --appid" : "";
  }
  if (chosen.stock.empty()) return "give --stock and --flow, or --openid and --appid";
  return chosen.flow.empty() ? "--stock needs --flow use or --flow refund" : "";
}

/// Prints what went wrong, and returns nothing then.
std::optional<Books> fetch_user(const ReconcileOptions& chosen, Outbound& outbound, World& world) {
  Books all;
  for (const auto& [product, fetch] :
       {std::pair{"favor", &favor_books}, std::pair{"busifavor", &busifavor_books}}) {
    if (!chosen.product.empty() && chosen.product != product) continue;
    auto books = fetch(outbound.client, chosen.user);
    if (!books) {
      static_cast<void>(fail(world, books.error()));
      return std::nullopt;
    }
    std::ranges::move(books->entries, std::back_inserter(all.entries));
  }
  return all;
}

std::optional<Books> fetch_books(const ReconcileOptions& chosen, const CommonOptions& common,
                                 World& world) {
  boost::system::result<Books, std::string> books;
  if (!chosen.file.empty()) {
    books = read_flow_file(chosen.flow_name(), chosen.file);
  } else {
    auto outbound = open_outbound(common, world);
    if (!outbound) return std::nullopt;
    if (chosen.asks_for_user()) return fetch_user(chosen, *outbound, world);
    const auto content = download_flow(outbound->client, chosen.flow_name());
    if (!content) {
      static_cast<void>(fail(world, content.error()));
      return std::nullopt;
    }
    books = read_flow(chosen.flow_name(), *content);
  }
  if (books) return std::move(*books);
  print_problems(
      world, {{chosen.file.empty() ? "the downloaded flow" : chosen.file.string(), books.error()}});
  return std::nullopt;
}

KnownFact known(const storage::LedgerFact& fact) {
  return {wechatpay::parse_fact_kind(fact.kind).value_or(FactKind::kIssue),
          fact.stock_id,
          fact.coupon,
          fact.transaction_id,
          fact.business_key,
          fact.occurred_at};
}

using KnownFacts = std::vector<KnownFact>;
using StoreResult = storage::LedgerReader::Result<KnownFacts>;

StoreResult redeemed_of_stock(storage::LedgerReader& reader, const std::string& stock) {
  KnownFacts facts;
  storage::LedgerReader::Facts page;
  do {
    const storage::LedgerFact last = page.empty() ? storage::LedgerFact{} : page.back();
    auto next =
        reader.facts_of_stock(stock, "redeem", page.empty() ? nullptr : &last, kFactsInAPage);
    if (!next) return next.error();
    page = std::move(*next);
    std::ranges::transform(page, std::back_inserter(facts), known);
  } while (std::ssize(page) == kFactsInAPage);
  return facts;
}

/// A refund names only its transaction, so that it is found by those of the books and of the stock.
StoreResult refunded_of_stock(storage::LedgerReader& reader, const std::string& stock,
                              const Books& books) {
  const auto redeemed = redeemed_of_stock(reader, stock);
  if (!redeemed) return redeemed.error();
  std::unordered_set<std::string> transactions;
  for (const KnownFact& fact : *redeemed) transactions.insert(fact.transaction_id);
  for (const BookEntry& entry : books.entries) transactions.insert(entry.transaction_id);
  const std::vector<std::string> ids(transactions.begin(), transactions.end());
  const auto refunds = reader.refunds(ids);
  if (!refunds) return refunds.error();
  KnownFacts facts;
  std::ranges::transform(*refunds, std::back_inserter(facts), known);
  return facts;
}

/// Of a user only what the books name can be looked for: the ledger knows no users.
StoreResult of_named_coupons(storage::LedgerReader& reader, const Books& books) {
  KnownFacts facts;
  std::unordered_set<std::string> asked;
  for (const BookEntry& entry : books.entries) {
    if (!asked.insert(entry.stock_id + "/" + entry.coupon).second) continue;
    const auto found = reader.facts_of_coupon(entry.stock_id, entry.coupon);
    if (!found) return found.error();
    for (const storage::LedgerFact& fact : *found) {
      if (fact.kind == to_string(entry.kind)) facts.push_back(known(fact));
    }
  }
  return facts;
}

std::optional<KnownFacts> read_store(const ReconcileOptions& chosen, const Config& config,
                                     const Books& books, World& world) {
  const std::string where = config.file.string() + ": store.url";
  const auto tell = [&](const std::string& message) {
    print_problems(world, {{where, message}});
    return std::nullopt;
  };
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url) return tell(url.error().message);
  const auto store = storage::Store::inspect(*url, {});
  if (!store) return tell(store.error().message);
  auto connection = (*store)->reader();
  if (!connection) return tell(connection.error().message);
  storage::LedgerReader reader(std::move(*connection));
  auto facts = chosen.asks_for_user() ? of_named_coupons(reader, books)
               : chosen.flow_name().kind == FlowKind::kUse
                   ? redeemed_of_stock(reader, chosen.stock)
                   : refunded_of_stock(reader, chosen.stock, books);
  if (!facts) return tell(facts.error().message);
  return std::move(*facts);
}

std::string intake_json(const std::string& mchid, std::span<const BookEntry* const> entries) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto member = [&](const char* name, const std::string& value) {
    writer.Key(name);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  writer.StartObject();
  member("mchid", mchid);
  writer.Key("entries");
  writer.StartArray();
  for (const BookEntry* entry : entries) {
    writer.StartObject();
    member("id", entry->notification_id());
    member("event_type", entry->event_type);
    member("original_type", entry->original_type);
    member("summary", entry->summary);
    member("create_time", entry->occurred_at);
    member("resource", entry->resource);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
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

/// Prints what went wrong, and returns nothing then.
std::optional<Applied> apply(const Config& config, const std::string& mchid,
                             const wechatpay::ReconcileReport& report, const Books& books,
                             World& world) {
  std::vector<const BookEntry*> missing;
  for (const wechatpay::ReportRow& row : report.rows) {
    if (row.finding == Finding::kMissing) missing.push_back(&books.entries[row.entry]);
  }
  Progress progress(progress_on(world), "applied", missing.size());
  Applied applied;
  for (std::size_t done = 0; done < missing.size(); done += kEntriesInARequest) {
    const auto part =
        std::span(missing).subspan(done, std::min(kEntriesInARequest, missing.size() - done));
    const auto answer = ask_admin(config, "POST", "/books", intake_json(mchid, part));
    std::optional<Problem> problem;
    if (!answer) {
      problem = answer.error();
    } else if (!count_outcomes(*answer, applied)) {
      problem = Problem{"the running service", "took no book entries (status " +
                                                   std::to_string(answer->status) +
                                                   "); is it of this version, with this merchant?"};
    }
    if (problem) {
      progress.clear();
      print_problems(world, {*problem});
      return std::nullopt;
    }
    progress.set(done + part.size(), missing.size());
    progress.show_when_due(std::chrono::steady_clock::now());
  }
  progress.clear();
  return applied;
}

Exit reconcile(const ReconcileOptions& chosen, const CommonOptions& common, World& world) {
  if (const auto wrong = wrong_usage(chosen); !wrong.empty()) {
    world.err << "couponhook: " << wrong << " (see couponhook reconcile --help)\n";
    return Exit::kUsage;
  }
  const auto config = load_config_or_print(common, world);
  if (!config) return Exit::kUsage;
  const MerchantConfig* merchant = choose_merchant(*config, common, world);
  if (merchant == nullptr) return Exit::kUsage;
  const auto books = fetch_books(chosen, common, world);
  if (!books) return Exit::kFailed;
  const auto facts = read_store(chosen, *config, *books, world);
  if (!facts) return Exit::kFailed;
  ReconcileOutcome outcome{wechatpay::compare(books->entries, *facts), books->problems,
                           books->malformed, std::nullopt};
  if (chosen.apply) {
    outcome.applied = apply(*config, merchant->mchid, outcome.report, *books, world);
    if (!outcome.applied) return Exit::kFailed;
  }
  const auto print = chosen.json  ? print_report_json
                     : chosen.csv ? print_report_csv
                                  : print_report_table;
  print(outcome, world.out);
  return outcome.applied && outcome.applied->failed != 0 ? Exit::kFailed : Exit::kOk;
}

}  // namespace

void declare_reconcile(CommandLine& line, CommonOptions& common, World& world) {
  auto chosen = std::make_shared<ReconcileOptions>();
  Options options = line.add(
      "reconcile", "Compare the store with WeChat Pay's own records, and admit what never arrived",
      [chosen, &common, &world] { return reconcile(*chosen, common, world); });
  add_merchant_options(options, common);
  options.text("--stock", chosen->stock, "A stock whose activity has ended");
  options.word("--flow", chosen->flow, {"use", "refund"}, "Its redemptions or its refunds");
  options.path("--file", chosen->file, "The flow file, already downloaded");
  options.text("--openid", chosen->user.openid, "Instead of a stock: a user's coupons");
  options.text("--appid", chosen->user.appid, "The appid that the openid belongs to");
  options.word("--product", chosen->product, {"favor", "busifavor"},
               "Only the user's coupons of this kind");
  options.flag("--apply", chosen->apply, "Admit what is missing, through the running service");
  options.flag("--json", chosen->json, "As JSON");
  options.flag("--csv", chosen->csv, "As CSV");
}

}  // namespace couponhook::server
