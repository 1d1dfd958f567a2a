#include "sandbox/flow_file.hpp"

#include <array>
#include <cstdio>

#include "sandbox/local/beijing_time.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kColumns =
    "批次id,优惠id,优惠类型,优惠金额（元）,订单总金额（元）,交易类型,支付单号,消耗时间,"
    "消耗商户号,设备号,银行流水号,单品信息";
constexpr std::string_view kRefundColumns = ",退款单号,退款时间,退款金额（元）";
constexpr std::string_view kLineEnd = "\r\n";

std::string yuan(std::int64_t fen) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld.%02lld", static_cast<long long>(fen / 100),
                static_cast<long long>(fen % 100));
  return text.data();
}

/// Returns a time in the format of WeChat Pay's flow files (CSV files of redemptions or refunds):
/// "2024-03-05 07:58:43", in Beijing time.
std::string file_time(Time time) {
  std::string text = beijing_time(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string goods_of(const Transaction& paid) {
  std::string goods;
  for (const GoodsItem& item : paid.goods) {
    if (!goods.empty()) goods += ';';
    goods += item.id + "*" + std::to_string(item.quantity);
  }
  return goods;
}

void append(std::string& line, const std::string& value) {
  if (!line.empty()) line += ',';
  (line += '`') += value;
}

std::string payment_line(const Transaction& paid, const char* kind) {
  std::string line;
  for (const std::string& value :
       {paid.stock_id, paid.coupon_id, std::string("全场代金券"), yuan(paid.discount),
        yuan(paid.total), std::string(kind), paid.id, file_time(paid.paid_at), paid.mchid}) {
    append(line, value);
  }
  // Write the last three columns (device, bank serial number, goods) with quotation marks and
  // without a backtick, as in WeChat Pay's flow files of redemptions.
  return line + ",\"\",\"\",\"" + goods_of(paid) + "\"";
}

/// Appends the last two lines of a flow file: a label ("总条数", number of rows), and the number of
/// redemptions or refunds.
void append_count(std::string& file, std::size_t count) {
  (file += "总条数") += kLineEnd;
  (file += '`') += std::to_string(count);
  file += kLineEnd;
}

}  // namespace

std::string use_flow(const CouponRecords& records, const std::string& stock_id) {
  std::string file;
  (file.append(kByteOrderMark) += kColumns) += kLineEnd;
  std::size_t count = 0;
  records.each_transaction([&](const Transaction& paid) {
    if (paid.stock_id != stock_id) return;
    (file += payment_line(paid, "支付")) += kLineEnd;
    ++count;
  });
  append_count(file, count);
  return file;
}

std::string refund_flow(const CouponRecords& records, const std::string& stock_id) {
  std::string file;
  (((file += kByteOrderMark) += kColumns) += kRefundColumns) += kLineEnd;
  std::size_t count = 0;
  records.each_refund([&](const Refund& refund) {
    const Transaction* paid = records.find_transaction(refund.transaction_id);
    if (paid->stock_id != stock_id || refund.status != "SUCCESS") return;
    std::string line = payment_line(*paid, "退款");
    append(line, refund.id);
    append(line, file_time(refund.at));
    append(line, yuan(refund.amount));
    (file += line) += kLineEnd;
    ++count;
  });
  append_count(file, count);
  return file;
}

bool has_flows(const Stock& stock, Time now) {
  using namespace std::chrono;
  if (stock.flows_open) return true;
  constexpr hours kBeijing{8};
  const auto last_day = floor<days>(stock.terms.available_until + kBeijing);
  return now >= last_day + days(1) + hours(10) - kBeijing;
}

void FlowLinks::add(const std::string& token, std::string content, Time now) {
  std::erase_if(links_, [now](const auto& link) { return link.second.until < now; });
  links_[token] = {std::move(content), now + life_};
}

const std::string* FlowLinks::find(const std::string& token, Time now) const {
  const auto found = links_.find(token);
  return found == links_.end() || found->second.until < now ? nullptr : &found->second.content;
}

}  // namespace couponhook::server::sandbox
