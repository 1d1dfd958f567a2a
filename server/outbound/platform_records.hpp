#pragma once

/// \file
/// Reads WeChat Pay's own records about issuings, redemptions and refunds of coupons, from its APIs
/// or from a flow file (settlement file).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"
#include "server/outbound/api_client.hpp"
#include "wechatpay/flow_file.hpp"
#include "wechatpay/platform_record.hpp"

namespace couponhook::server {

/// WeChat Pay's own records about coupons, as read from an API or a flow file.
struct PlatformRecords {
  std::vector<wechatpay::PlatformRecord> entries;
  /// Lines of a flow file that were skipped because they are malformed. Line number 0 stands for a
  /// malformed coupon in the list of a user's coupons. Only the first problems are kept.
  std::vector<wechatpay::FlowProblem> problems;
  /// Number of malformed lines of flow files, and of malformed coupons in replies of WeChat Pay's
  /// API; they were skipped.
  std::size_t malformed = 0;
  /// Redemptions of merchant coupons (商家券). WeChat Pay sends no notification for them, so the
  /// ledger has nothing to compare them with.
  std::vector<wechatpay::PlatformRecord> not_compared;

  /// Adds all entries, problems and counts of `part` to this object.
  void append(PlatformRecords&& part);
};

/// Names one flow file (WeChat Pay's settlement file): the stock (coupon batch), and whether it
/// lists the stock's redemptions or its refunds.
struct FlowName {
  wechatpay::FlowKind kind;
  std::string stock_id;
  /// Column names that are tried before the usual column names of a flow file.
  std::vector<wechatpay::FlowColumnNames> columns{};
};

/// Reasons why nothing of a flow file can be used.
enum class FlowFileError : std::uint8_t {
  kUnreadable = 1,   ///< the file does not exist, or the system cannot read it
  kNotFlowFile = 2,  ///< the content is no flow file, for example because it has no header line
};
[[nodiscard]] std::string_view describe(FlowFileError error);
using FlowFileFailure = base::DetailedError<FlowFileError>;

/// Parses the content of a flow file.
/// \return the records. Problems of single lines are in PlatformRecords::problems.
[[nodiscard]] boost::system::result<PlatformRecords, FlowFileFailure> read_flow(
    const FlowName& flow, std::string_view content);
/// Like read_flow(), but reads a flow file from the disk, piece by piece.
[[nodiscard]] boost::system::result<PlatformRecords, FlowFileFailure> read_flow_file(
    const FlowName& flow, const std::filesystem::path& file);

/// Asks WeChat Pay for the download link of a flow file, and downloads the file at once, because
/// the link is valid for only 30 seconds. If the download fails after a longer time, asks for a
/// second link, once.
/// \return the content of the flow file, or an error.
[[nodiscard]] wechatpay::ApiResult<std::string> download_flow(
    ApiClient& client, const FlowName& flow, const DownloadProgress& on_progress = {});

/// A WeChat user whose coupons are queried: openid and appid.
struct UserName {
  std::string openid;
  std::string appid;
};

/// These two functions query a user's coupons of those stocks (coupon batches) that the client's
/// merchant created. fetch_favor_records() returns redemptions of favor coupons (代金券);
/// fetch_busifavor_records() returns issuings of busifavor coupons (商家券). WeChat Pay sends
/// notifications for exactly these events.
[[nodiscard]] wechatpay::ApiResult<PlatformRecords> fetch_favor_records(ApiClient& client,
                                                                        const UserName& user);
[[nodiscard]] wechatpay::ApiResult<PlatformRecords> fetch_busifavor_records(ApiClient& client,
                                                                            const UserName& user);

}  // namespace couponhook::server
