#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <ostream>

#include "sandbox/local/fixture.hpp"
#include "server/commands/captured_fixtures.hpp"
#include "server/commands/sending.hpp"
#include "server/commands/table.hpp"

namespace couponhook::server {
namespace {

struct ReplayOptions {
  SendingOptions sending;
  std::vector<std::filesystem::path> paths;
  std::uint64_t repeat = 1;
};

/// Largest number of fixtures (files with a recorded notification) for which `replay` prints a
/// table with one row for each fixture. With more fixtures, `replay` prints only totals.
constexpr std::size_t kRowsMax = 100;

/// Replies to one fixture (a file with a recorded notification), for all its copies together.
struct FileOutcome {
  unsigned expected = 204;
  /// Number of copies for each reply status, and for each reason why no reply came.
  std::map<std::string, std::uint64_t> replies;
  std::uint64_t copies = 0;
  bool ok = true;

  void add(const std::vector<CopyResult>& results) {
    for (const CopyResult& result : results) {
      ++copies;
      ++replies[describe(result)];
      ok = ok && result.is_as_expected(expected);
    }
  }
};

/// Returns the replies as text, for example "204" or "15 x 204, 1 x 503 OVERLOADED".
std::string describe(const FileOutcome& outcome) {
  if (outcome.replies.size() == 1) return outcome.replies.begin()->first;
  std::string text;
  for (const auto& [reply, count] : outcome.replies) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " x " + reply;
  }
  return text;
}

void print_rows(const std::vector<Fixture>& fixtures, const std::vector<FileOutcome>& outcomes,
                std::ostream& out) {
  Table table{"file", "event type", "id", "copies", "expected", "got", "ok"};
  for (std::size_t i = 0; i < fixtures.size(); ++i) {
    const Draft& draft = fixtures[i].draft;
    table.add({std::filesystem::path(fixtures[i].source).filename().string(), draft.event_type,
               draft.id.substr(0, 8), std::to_string(outcomes[i].copies),
               std::to_string(outcomes[i].expected), describe(outcomes[i]),
               outcomes[i].ok ? "yes" : "NO"});
  }
  table.print(out);
  out << '\n';
}

void print_json(const std::vector<Fixture>& fixtures, const std::vector<FileOutcome>& outcomes,
                const Summary& summary, std::ostream& out) {
  base::JsonWriter json;
  json.begin();
  write_summary(summary, json);
  json.begin_list("fixtures");
  for (std::size_t i = 0; i < fixtures.size(); ++i) {
    json.begin()
        .text("file", fixtures[i].source)
        .text("event_type", fixtures[i].draft.event_type)
        .text("id", fixtures[i].draft.id)
        .number("copies", outcomes[i].copies)
        .number("expected", outcomes[i].expected)
        .begin("replies");
    for (const auto& [reply, count] : outcomes[i].replies) json.number(reply, count);
    json.end().boolean("ok", outcomes[i].ok).end();
  }
  out << json.end_list().end().take() << '\n';
}

Exit send(const ReplayOptions& options, Sending& sending, const std::vector<Fixture>& fixtures,
          Runtime& runtime) {
  const std::uint64_t total = options.repeat * fixtures.size();
  sending.plan.notifications = total;
  sending.plan.connections = static_cast<std::size_t>(
      std::min<std::uint64_t>(sending.plan.connections, total * sending.plan.copies));
  std::vector<FileOutcome> outcomes(fixtures.size());
  for (std::size_t i = 0; i < fixtures.size(); ++i) {
    outcomes[i].expected = expected_status(sending.plan.bad, fixtures[i].expect);
  }
  const auto next = [&, sent = std::uint64_t{0}]() mutable -> std::optional<Outgoing> {
    if (sent == total) return std::nullopt;
    const auto index = static_cast<std::size_t>(sent++ % fixtures.size());
    return Outgoing{fixtures[index].draft, outcomes[index].expected, index};
  };
  UnexpectedReplies unexpected;
  const auto take = [&](const Outgoing& outgoing, const std::vector<CopyResult>& results) {
    const Fixture& fixture = fixtures[outgoing.tag];
    outcomes[outgoing.tag].add(results);
    unexpected.check(fixture.source + " (" + outgoing.draft.id + ")", outgoing, results);
  };
  const auto summary = send_all(sending.plan, sending.maker, next, take, progress_on(runtime));
  if (!summary) {
    runtime.err << "couponhook: nothing was sent: " << summary.error().text() << '\n';
    return Exit::kFailed;
  }
  if (options.sending.json) {
    print_json(fixtures, outcomes, *summary, runtime.out);
  } else {
    if (fixtures.size() <= kRowsMax) print_rows(fixtures, outcomes, runtime.out);
    print_summary(*summary, runtime.out);
  }
  unexpected.print(summary->unexpected, runtime.err);
  return summary->unexpected == 0 ? Exit::kOk : Exit::kFailed;
}

/// Reads the fixtures of all paths: files with captured callbacks, and files and folders with
/// fixtures.
std::vector<Fixture> load_all(const std::vector<std::filesystem::path>& paths,
                              const Merchant& merchant, std::vector<Problem>& problems) {
  std::vector<Fixture> all;
  for (const auto& path : paths) {
    std::vector<Fixture> some;
    const std::size_t problems_before = problems.size();
    std::error_code ec;
    if (std::filesystem::is_regular_file(path, ec)) {
      some = load_captured_fixtures(path, merchant, problems);
    }
    if (some.empty() && problems.size() == problems_before) some = load_fixtures({path}, problems);
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

Exit replay(const ReplayOptions& options, const CommonOptions& common, Runtime& runtime) {
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  const MerchantConfig* const merchant = choose_merchant(*config, common, runtime);
  if (merchant == nullptr) return Exit::kUsage;
  std::vector<Problem> problems;
  const auto fixtures =
      load_all(options.paths, load_merchant(*config, *merchant, {}, problems), problems);
  print_problems(runtime, problems);
  if (!problems.empty()) return Exit::kUsage;
  auto sending = prepare_sending(options.sending, *config, *merchant, runtime);
  if (!sending) return Exit::kUsage;
  return send(options, *sending, fixtures, runtime);
}

}  // namespace

void declare_replay(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<ReplayOptions>();
  Options options = line.add(
      "replay", "Encrypt, sign and send the notifications in fixture files or captured callbacks",
      [chosen, &common, &runtime] { return replay(*chosen, common, runtime); });
  options.required_paths(
      "PATH", chosen->paths,
      "Files (.json, .ndjson), folders of these, or captured callbacks as for `verify`");
  add_merchant_options(options, common);
  options.number("--repeat", chosen->repeat, 1, 1'000'000, "Number of times to send the whole set");
  add_sending_options(options, chosen->sending);
}

}  // namespace couponhook::server
