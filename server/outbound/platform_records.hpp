#pragma once

/// \file
/// WeChat Pay's own records of issues, redemptions and refunds, from its APIs or from a flow file.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "server/outbound/api_client.hpp"
#include "wechatpay/flow_file.hpp"
#include "wechatpay/platform_record.hpp"

namespace couponhook::server {

/// Entries of WeChat Pay's own records.
struct PlatformRecords {
  std::vector<wechatpay::PlatformRecord> entries;
  /// Lines of a flow file that were skipped (line 0: a coupon of a user's list). Only some are
  /// kept.
  std::vector<wechatpay::FlowProblem> problems;
  std::size_t malformed = 0;  ///< number of skipped lines and coupons
  /// Redemptions of merchant coupons (商家券). WeChat Pay sends no notification for them, so the
  /// ledger has nothing to compare them with.
  std::vector<wechatpay::PlatformRecord> not_compared;

  /// Adds the entries and problems of `part`.
  void append(PlatformRecords&& part);
};

/// Names one flow file: a stock, and its redemptions or its refunds.
struct FlowName {
  wechatpay::FlowKind kind;
  std::string stock_id;
  /// Column names that are tried before the usual ones.
  std::vector<wechatpay::FlowColumnNames> columns{};
};

/// Parses the content of a flow file.
/// \return an error if the content is not a flow file; problems of single lines are in
/// PlatformRecords::problems.
[[nodiscard]] boost::system::result<PlatformRecords, std::string> read_flow(
    const FlowName& flow, std::string_view content);
/// Like read_flow(), but reads a file, piece by piece.
[[nodiscard]] boost::system::result<PlatformRecords, std::string> read_flow_file(
    const FlowName& flow, const std::filesystem::path& file);

/// Requests the link of a flow file and downloads the file at once, because a link is valid for 30
/// seconds. If the download fails after a longer time, requests a second link, once.
[[nodiscard]] wechatpay::ApiResult<std::string> download_flow(
    ApiClient& client, const FlowName& flow, const DownloadProgress& on_progress = {});

/// Names a user whose coupons are queried.
struct UserName {
  std::string openid;
  std::string appid;
};

/// Query a user's coupons of stocks that the client's merchant created: redemptions of favor
/// coupons (代金券), issues of busifavor coupons (商家券). WeChat Pay sends notifications for
/// exactly these events.
[[nodiscard]] wechatpay::ApiResult<PlatformRecords> favor_books(ApiClient& client,
                                                                const UserName& user);
[[nodiscard]] wechatpay::ApiResult<PlatformRecords> busifavor_books(ApiClient& client,
                                                                    const UserName& user);

}  // namespace couponhook::server
