#pragma once

/// \file
/// Helpers for the commands that call WeChat Pay's APIs. Only the files in server/commands use this
/// header.

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

/// The merchant that the user chose, with an API client that is ready to use.
struct Outbound {
  Config config;
  std::string mchid;
  ApiClient client;

  [[nodiscard]] const MerchantConfig& merchant() const;
};

/// Loads the configuration and the merchant's keys. If there is a problem, prints the problem and
/// returns nothing.
[[nodiscard]] std::optional<Outbound> open_outbound(const CommonOptions& common, Runtime& runtime);

/// Prints the error of a failed API call.
/// \return the exit code.
[[nodiscard]] Exit fail(Runtime& runtime, const wechatpay::ApiError& error);

/// Prints every rule of WeChat Pay that the input breaks.
/// \param what name of the checked input: a file, or options of the command.
/// \return the exit code.
[[nodiscard]] Exit refuse(Runtime& runtime, std::string_view what,
                          std::span<const wechatpay::RuleViolation> broken);

/// Reads a JSON body for an API call from a file; the name "-" means standard input. If the body
/// cannot be read, prints the problem and returns nothing.
[[nodiscard]] std::optional<std::string> read_body(const std::filesystem::path& file,
                                                   Runtime& runtime);

/// Pairs of label and value. print_facts() prints one line for each pair, and skips pairs with an
/// empty value.
using Facts = std::vector<std::pair<std::string_view, std::string>>;
void print_facts(const Facts& facts, std::ostream& out);

/// If the list has a next page, prints the option --offset with which the user gets this page.
/// \param asked the request whose reply is the list `page`; the request's offset counts pages, as
/// in WeChat Pay's API.
template <typename T>
void print_more(const wechatpay::Page<T>& page, const wechatpay::PageRequest& asked,
                std::ostream& out) {
  const std::int64_t next = asked.offset + 1;
  if (page.items.empty() || next * asked.limit >= page.total_count) return;
  out << page.total_count << " in all; more: --offset " << next << '\n';
}

/// Adds the options --openid and --appid, which name a user and are both required.
void add_user_options(Options& options, std::string& openid, std::string& appid);

/// Adds the options --offset and --limit, which choose a page of a list that WeChat Pay returns.
void add_page_options(Options& options, wechatpay::PageRequest& page, std::uint64_t limit_max);

/// Sends a request to WeChat Pay, and prints the verified body of the reply, or the error.
/// \param show function that prints the parsed body. If `json` is true, the function is not called,
///   and the body is printed unchanged.
/// \return the exit code.
template <typename Parse, typename Show>
Exit call_and_print(Outbound& outbound, Runtime& runtime, const wechatpay::ApiRequest& request,
                    bool json, const Parse& parse, const Show& show) {
  const auto body = outbound.client.call(request);
  if (!body) return fail(runtime, body.error());
  const auto parsed = parse(*body);
  if (!parsed) return fail(runtime, parsed.error());
  if (json) {
    runtime.out << *body << '\n';
  } else {
    show(*parsed);
  }
  return Exit::kOk;
}

}  // namespace couponhook::server
