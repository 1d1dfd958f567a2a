#include <algorithm>
#include <iterator>
#include <ostream>

#include "base/json_writer.hpp"
#include "server/commands/command_line.hpp"
#include "server/doctor/checks.hpp"
#include "server/doctor/diagnose.hpp"
#include "server/doctor/echo.hpp"
#include "server/doctor/gather.hpp"
#include "server/doctor/write_check.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {
namespace {

struct DoctorOptions {
  bool live = false;
  std::string url;
  std::string user;
  bool json = false;
};

void print(const std::vector<DoctorFinding>& findings, std::ostream& out) {
  for (const DoctorFinding& finding : findings) {
    out << '[' << to_string(finding.severity) << "] " << finding.what << '\n'
        << "  why    " << finding.why << '\n'
        << "  to do  " << finding.to_do << '\n';
  }
  if (findings.empty()) out << "Nothing found that would keep notifications from arriving.\n";
}

void print(const std::vector<EchoStep>& steps, std::ostream& out) {
  for (const EchoStep& step : steps) {
    out << (step.passed ? "ok    " : "FAIL  ") << step.took.count() << " ms  " << step.what << '\n';
    if (!step.passed) out << "  " << step.problem << '\n';
  }
}

void print_json(const std::vector<DoctorFinding>& findings, const std::vector<EchoStep>& steps,
                std::ostream& out) {
  base::JsonWriter json;
  json.begin().begin_list("findings");
  for (const DoctorFinding& finding : findings) {
    json.begin()
        .text("gravity", to_string(finding.severity))
        .text("name", finding.name)
        .text("what", finding.what)
        .text("why", finding.why)
        .text("to_do", finding.to_do)
        .end();
  }
  json.end_list().begin_list("steps");
  for (const EchoStep& step : steps) {
    json.begin()
        .text("what", step.what)
        .boolean("passed", step.passed)
        .number("took_ms", step.took.count())
        .text("trouble", step.problem)
        .end();
  }
  out << json.end_list().end().take() << '\n';
}

Exit doctor(const DoctorOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  std::vector<Problem> problems;
  const auto file = find_config_file(common.config, runtime.environment);
  if (!file) {
    print_problems(runtime, {file.error()});
    return Exit::kUsage;
  }
  const auto config = read_config(*file, runtime.environment, problems);
  if (!config) {
    print_problems(runtime, problems);
    return Exit::kUsage;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  static_cast<void>(prepare_setup(*config, runtime.handler_types, now, problems));
  check_outbound_files(*config, problems);
  CheckFindings places_found;
  check_places(*config, places_found);
  std::ranges::move(places_found.errors, std::back_inserter(problems));
  const auto user = user_to_try_as(chosen.user, *config);
  if (!user) {
    print_problems(runtime, {{"--user", user.error().text()}});
    return Exit::kUsage;
  }
  auto places = try_writing(*config, *user);
  const auto findings =
      diagnose(gather_facts(*config, std::move(problems), std::move(places), runtime));
  std::vector<EchoStep> steps;
  if (chosen.live) {
    const MerchantConfig* merchant = choose_merchant(*config, common, runtime);
    if (merchant == nullptr) return Exit::kUsage;
    steps = try_echo(*config, *merchant, chosen.url, runtime);
  }
  if (chosen.json) {
    print_json(findings, steps, runtime.out);
  } else {
    print(findings, runtime.out);
    print(steps, runtime.out);
  }
  const bool blocked = std::ranges::any_of(findings, [](const DoctorFinding& finding) {
    return finding.severity == FindingSeverity::kBlocking;
  });
  const bool failed = std::ranges::any_of(steps, [](const EchoStep& step) { return !step.passed; });
  return blocked || failed ? Exit::kFailed : Exit::kOk;
}

}  // namespace

void declare_doctor(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<DoctorOptions>();
  Options options =
      line.add("doctor", "Explain what would keep notifications from arriving",
               [chosen, &common, &runtime] { return doctor(*chosen, common, runtime); });
  add_merchant_options(options, common);
  options.flag("--live", chosen->live, "Have WeChat Pay call back, and time each step");
  options.text("--url", chosen->url,
               "URL that WeChat Pay calls; default: the URL set for favor coupons");
  add_user_option(options, chosen->user);
  options.flag("--json", chosen->json, "Print JSON");
}

}  // namespace couponhook::server
