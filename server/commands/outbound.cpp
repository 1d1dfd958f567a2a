#include "server/commands/outbound.hpp"

#include <algorithm>
#include <ostream>

#include "crypto/file.hpp"

namespace couponhook::server {
namespace {

constexpr std::size_t kBodyBytesMax = 1 << 20;

}  // namespace

const MerchantConfig& Outbound::merchant() const {
  return *std::ranges::find(config.merchants, mchid, &MerchantConfig::mchid);
}

std::optional<Outbound> open_outbound(const CommonOptions& common, Runtime& runtime) {
  auto config = load_config_or_print(common, runtime);
  if (!config) return std::nullopt;
  const MerchantConfig* merchant = choose_merchant(*config, common, runtime);
  if (merchant == nullptr) return std::nullopt;
  std::vector<Problem> problems;
  std::unique_ptr<const ApiAccount> account = load_api_account(*config, *merchant, problems);
  print_problems(runtime, problems);
  if (!account) return std::nullopt;
  ApiClient client(std::move(account), {runtime.clock, runtime.random, sleeping_pause()});
  std::string mchid = merchant->mchid;
  return Outbound{std::move(*config), std::move(mchid), std::move(client)};
}

Exit fail(Runtime& runtime, const wechatpay::ApiError& error) {
  runtime.err << "couponhook: " << error.text() << '\n';
  return Exit::kFailed;
}

Exit refuse(Runtime& runtime, std::string_view what,
            std::span<const wechatpay::RuleViolation> broken) {
  for (const wechatpay::RuleViolation& rule : broken) {
    runtime.err << "couponhook: " << what << ": " << rule.field << ": " << rule.message << '\n';
  }
  return Exit::kUsage;
}

std::optional<std::string> read_body(const std::filesystem::path& file, Runtime& runtime) {
  const bool standard_input = file == "-";
  const auto content = crypto::read_file(standard_input ? "/dev/stdin" : file, kBodyBytesMax);
  if (content) return std::string(content->reveal());
  print_problems(runtime,
                 {{standard_input ? "standard input" : file.string(), content.error().text()}});
  return std::nullopt;
}

void add_user_options(Options& options, std::string& openid, std::string& appid) {
  options.required_text("--openid", openid, "The user, under this appid");
  options.required_text("--appid", appid, "Your appid");
}

void add_page_options(Options& options, wechatpay::PageRequest& page, std::uint64_t limit_max) {
  options.number("--offset", page.offset, 0, wechatpay::kOffsetMax, "Which page, from 0");
  options.number("--limit", page.limit, 1, limit_max, "How many on a page");
}

void print_facts(const Facts& facts, std::ostream& out) {
  std::size_t width = 0;
  for (const auto& [label, value] : facts) width = std::max(width, label.size());
  for (const auto& [label, value] : facts) {
    if (value.empty()) continue;
    out << label << std::string(width + 2 - label.size(), ' ') << value << '\n';
  }
}

}  // namespace couponhook::server
