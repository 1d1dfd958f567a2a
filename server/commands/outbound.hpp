#pragma once

/// \file
/// Private to this folder: what the commands that call WeChat Pay share.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/commands/command_line.hpp"
#include "server/outbound/api_client.hpp"
#include "wechatpay/page.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::server {

/// One merchant's client, ready.
struct Outbound {
  Config config;
  std::string mchid;
  ApiClient client;

  [[nodiscard]] const MerchantConfig& merchant() const;
};

/// Prints what is wrong, and returns nothing then.
[[nodiscard]] std::optional<Outbound> open_outbound(const CommonOptions& common, World& world);

/// Prints why a call failed.
[[nodiscard]] Exit fail(World& world, const wechatpay::ApiError& error);

/// Prints every broken rule.
/// \param what was to be sent: a file, or a command's options.
[[nodiscard]] Exit refuse(World& world, std::string_view what,
                          std::span<const wechatpay::RuleViolation> broken);

/// Reads a JSON body; "-" is the standard input. Prints what is wrong, and returns nothing then.
[[nodiscard]] std::optional<std::string> read_body(const std::filesystem::path& file, World& world);

/// Label and value, as pairs, one line each; lines without a value are left out.
using Facts = std::vector<std::pair<std::string_view, std::string>>;
void print_facts(const Facts& facts, std::ostream& out);

/// Columns that are as wide as what is in them; the first row is the heading.
void print_table(const std::vector<std::vector<std::string>>& rows, std::ostream& out);

/// Says where to go on, where there is more than this page.
/// \param asked what made it; its offset counts pages, as WeChat Pay's do.
template <typename T>
void print_more(const wechatpay::Page<T>& page, const wechatpay::PageRequest& asked,
                std::ostream& out) {
  const std::int64_t next = asked.offset + 1;
  if (page.items.empty() || next * asked.limit >= page.total_count) return;
  out << page.total_count << " in all; more: --offset " << next << '\n';
}

/// Which user is meant: --openid and --appid, both required.
void add_user_options(Options& options, std::string& openid, std::string& appid);

/// Which part of a list: --offset and --limit.
void add_page_options(Options& options, wechatpay::PageRequest& page, std::uint64_t limit_max);

/// Sends, and hands the accepted body on.
/// \param show parses and prints it; not asked where `json` is set, since the body is shown then.
template <typename Parse, typename Show>
Exit call_and_show(Outbound& outbound, World& world, const wechatpay::ApiRequest& request,
                   bool json, const Parse& parse, const Show& show) {
  const auto body = outbound.client.call(request);
  if (!body) return fail(world, body.error());
  const auto parsed = parse(*body);
  if (!parsed) return fail(world, parsed.error());
  if (json) {
    world.out << *body << '\n';
  } else {
    show(*parsed);
  }
  return Exit::kOk;
}

}  // namespace couponhook::server
