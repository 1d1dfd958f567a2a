/// \file
/// Fuzz target: the parser of flow files (WeChat Pay's CSV files of redemptions or refunds). The
/// result must be the same no matter in which pieces the file arrives, and each row must give a
/// record with a business key (the key that identifies a redemption or refund).

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "wechatpay/flow_file.hpp"
#include "wechatpay/platform_record.hpp"

namespace couponhook::fuzz {
namespace {

using wechatpay::FlowKind;
using wechatpay::FlowParser;
using wechatpay::FlowRecord;

constexpr wechatpay::FlowLimits kLimits{
    .line_bytes_max = 4096, .columns_max = 50, .rows_max = 1000, .problems_kept_max = 20};

struct Read {
  std::vector<std::string> keys;
  std::size_t malformed = 0;
  bool failed = false;

  bool operator==(const Read&) const = default;
};

Read read(FlowKind kind, std::string_view content, std::size_t piece) {
  FlowParser parser(kind, wechatpay::usual_flow_columns(kind), kLimits);
  std::vector<FlowRecord> records;
  for (std::size_t at = 0; at < content.size(); at += piece) {
    if (!parser.feed(content.substr(at, piece), records)) break;
  }
  if (!parser.failed()) parser.finish(records);
  Read result{{}, parser.malformed(), parser.failed()};
  for (const FlowRecord& record : records) {
    const wechatpay::PlatformRecord entry = wechatpay::to_platform_record(kind, record, "98065001");
    require(!entry.coupon.empty() || !entry.transaction_id.empty(), "a row is a fact");
    require(!entry.business_key.empty(), "a fact has a business key");
    require(entry.notification_id().size() == 42, "a fact has an id of its own");
    result.keys.push_back(entry.business_key);
  }
  return result;
}

/// Parses one flow file. The first byte of the fuzz input chooses the kind of file (redemptions or
/// refunds); the rest of the input is the file.
void run(std::string_view input) {
  Bytes bytes(input);
  const FlowKind kind = bytes.byte() % 2 == 0 ? FlowKind::kUse : FlowKind::kRefund;
  const std::string_view content = bytes.rest();
  const Read whole = read(kind, content, std::max<std::size_t>(content.size(), 1));
  require(read(kind, content, 1) == whole, "byte by byte is as whole");
  require(read(kind, content, 7) == whole, "in pieces is as whole");
}

const Registration registered("flow_file", run);

}  // namespace
}  // namespace couponhook::fuzz
