#pragma once

/// \file
/// WeChat Pay's own records of what has happened, fetched or read from a file.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "server/outbound/api_client.hpp"
#include "wechatpay/book_entry.hpp"
#include "wechatpay/flow_file.hpp"

namespace couponhook::server {

/// What they say has happened.
struct Books {
  std::vector<wechatpay::BookEntry> entries;
  /// Lines of a flow file (line 0: coupons of a list) that were skipped; not all are kept.
  std::vector<wechatpay::FlowProblem> problems;
  std::size_t malformed = 0;  ///< how many were
  /// Uses of merchant coupons: nothing notifies of them, so the ledger has none to compare with.
  std::vector<wechatpay::BookEntry> not_compared;

  /// Adds another part of the books.
  void append(Books&& part);
};

/// Which flow of which stock.
struct FlowName {
  wechatpay::FlowKind kind;
  std::string stock_id;
  /// Names of columns that come before the usual ones.
  std::vector<wechatpay::FlowColumnNames> columns{};
};

/// Reads a flow file's content.
/// \return an error where it is none; its lines are reported in the books.
[[nodiscard]] boost::system::result<Books, std::string> read_flow(const FlowName& flow,
                                                                  std::string_view content);
/// The same from a file, read piece by piece.
[[nodiscard]] boost::system::result<Books, std::string> read_flow_file(
    const FlowName& flow, const std::filesystem::path& file);

/// Asks for a flow's link and downloads at once, as the link is good for 30 seconds. Where that was
/// too slow, it asks for another one, once.
[[nodiscard]] wechatpay::ApiResult<std::string> download_flow(
    ApiClient& client, const FlowName& flow, const DownloadProgress& on_progress = {});

/// Whose coupons.
struct UserName {
  std::string openid;
  std::string appid;
};

/// What became of a user's coupons of stocks by the client's merchant: redemptions of favor
/// coupons, issues of busifavor coupons. Those are what is notified.
[[nodiscard]] wechatpay::ApiResult<Books> favor_books(ApiClient& client, const UserName& user);
[[nodiscard]] wechatpay::ApiResult<Books> busifavor_books(ApiClient& client, const UserName& user);

}  // namespace couponhook::server
