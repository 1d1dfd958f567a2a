#include "server/outbound/platform_records.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <unordered_set>

#include <boost/algorithm/string/join.hpp>

#include "base/wechat_time.hpp"
#include "wechatpay/busifavor_coupons.hpp"
#include "wechatpay/coupons.hpp"
#include "wechatpay/identifier.hpp"

namespace couponhook::server {
namespace {

using wechatpay::ApiError;
using wechatpay::ApiResult;
using wechatpay::PlatformRecord;
using FlowResult = boost::system::result<PlatformRecords, FlowFileFailure>;

/// Reads a flow file (WeChat Pay's settlement file) that arrives in pieces, and makes
/// PlatformRecords from it.
class FlowFileReader {
 public:
  explicit FlowFileReader(const FlowName& flow)
      : flow_(flow), parser_(flow.kind, columns_of(flow)) {}

  bool feed(std::string_view bytes) {
    const bool good = parser_.feed(bytes, records_);
    take_records();
    return good;
  }

  FlowResult finish() {
    if (!parser_.failed()) parser_.finish(records_);
    take_records();
    result_.problems = parser_.problems();
    result_.malformed = parser_.malformed();
    if (!parser_.failed()) return std::move(result_);
    std::vector<std::string> problems;
    for (const auto& problem : result_.problems) problems.push_back(to_string(problem));
    return FlowFileFailure(FlowFileError::kNotFlowFile, boost::algorithm::join(problems, "; "));
  }

 private:
  static std::vector<wechatpay::FlowColumnNames> columns_of(const FlowName& flow) {
    auto columns = flow.columns;
    std::ranges::move(wechatpay::usual_flow_columns(flow.kind), std::back_inserter(columns));
    return columns;
  }

  void take_records() {
    for (const wechatpay::FlowRecord& record : records_) {
      result_.entries.push_back(wechatpay::to_platform_record(flow_.kind, record, flow_.stock_id));
    }
    records_.clear();
  }

  const FlowName& flow_;
  wechatpay::FlowParser parser_;
  std::vector<wechatpay::FlowRecord> records_;
  PlatformRecords result_;
};

/// Checks the identifiers and the time of a coupon in the list of a user's coupons, and rejects a
/// malformed coupon: a proxy may have altered the list, or WeChat Pay may use a format that is not
/// known yet.
class CouponCheck {
 public:
  CouponCheck& identifier(std::string_view name, wechatpay::Identifier kind,
                          std::string_view value) {
    if (!wechatpay::has_form(kind, value)) note(name, "is not " + std::string(form_of(kind)));
    return *this;
  }
  CouponCheck& time(std::string_view name, std::string_view value) {
    if (!value.empty() && !base::parse_wechat_time(value)) note(name, "is not a time");
    return *this;
  }
  /// Returns true if the coupon is well formed; otherwise counts the coupon as malformed in
  /// `records` and returns false.
  bool pass(PlatformRecords& records) {
    if (problem_.empty()) return true;
    constexpr std::size_t kProblemsKept = 100;
    ++records.malformed;
    if (records.problems.size() < kProblemsKept) {
      records.problems.push_back({0, 0, "a coupon of the user's list: " + problem_});
    }
    return false;
  }

 private:
  void note(std::string_view name, const std::string& what) {
    if (problem_.empty()) problem_.append(name).append(" ").append(what);
  }
  std::string problem_;
};

/// Adds the redemption of a coupon to the records in `records`, if the coupon is well formed.
void take_redeemed(const wechatpay::Coupon& coupon, PlatformRecords& records) {
  using wechatpay::Identifier;
  CouponCheck check;
  check.identifier("stock_id", Identifier::kStockId, coupon.stock_id)
      .identifier("coupon_id", Identifier::kCouponId, coupon.coupon_id);
  if (coupon.consumption) {
    check
        .identifier("transaction_id", Identifier::kTransactionId,
                    coupon.consumption->transaction_id)
        .time("consume_time", coupon.consumption->consume_time);
  } else {
    check.identifier("transaction_id", Identifier::kTransactionId, {});
  }
  if (!check.pass(records)) return;
  if (auto entry = wechatpay::to_platform_record(coupon))
    records.entries.push_back(std::move(*entry));
}

/// Makes the error for a list of coupons that changed while its pages were read, so that the pages
/// hold fewer coupons than the list's total. Such a list cannot be compared with the ledger.
ApiError incomplete(wechatpay::Api api) {
  ApiError error = wechatpay::unreadable(api, "complete list");
  error.advice = "the pages hold fewer coupons than total_count says; ask again";
  return error;
}

/// Reads all pages of a list of coupons, and passes each coupon on once. The pages may overlap if
/// coupons are added or removed in the meantime.
/// \param ask function that makes the request for a page; pages are numbered from 0.
/// \param key_of function that returns the unique key of a coupon.
/// \param take function that is called with each coupon. If it returns an error, reading ends.
/// \return the first error, or nothing.
template <typename Ask, typename Parse, typename KeyOf, typename Take>
std::optional<ApiError> read_all(ApiClient& client, const Ask& ask, const Parse& parse,
                                 const KeyOf& key_of, const Take& take) {
  std::unordered_set<std::string> seen;
  for (std::int64_t number = 0;; ++number) {
    const wechatpay::ApiRequest request = ask(number);
    const auto body = client.call(request);
    if (!body) return body.error();
    const auto page = parse(*body);
    if (!page) return page.error();
    const std::size_t seen_before = seen.size();
    for (const auto& item : page->items) {
      if (!seen.insert(std::invoke(key_of, item)).second) continue;
      if (auto error = take(item)) return error;
    }
    if (std::ssize(seen) >= page->total_count) return std::nullopt;
    if (seen.size() == seen_before) return incomplete(request.api);
  }
}

}  // namespace

void PlatformRecords::append(PlatformRecords&& part) {
  std::ranges::move(part.entries, std::back_inserter(entries));
  std::ranges::move(part.problems, std::back_inserter(problems));
  std::ranges::move(part.not_compared, std::back_inserter(not_compared));
  malformed += part.malformed;
}

std::string_view describe(FlowFileError error) {
  switch (error) {
    case FlowFileError::kUnreadable:
      return "cannot be read: {}";
    case FlowFileError::kNotFlowFile:
      return "is not a usable flow file; {}";
  }
  return "unknown error";
}

FlowResult read_flow(const FlowName& flow, std::string_view content) {
  FlowFileReader reader(flow);
  reader.feed(content);
  return reader.finish();
}

FlowResult read_flow_file(const FlowName& flow, const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code ec;
  if (!in || std::filesystem::is_directory(file, ec)) {
    return FlowFileFailure(FlowFileError::kUnreadable, std::strerror(in ? EISDIR : errno));
  }
  FlowFileReader reader(flow);
  std::vector<char> piece(1 << 20);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    if (!reader.feed({piece.data(), static_cast<std::size_t>(in.gcount())})) break;
  }
  return reader.finish();
}

ApiResult<std::string> download_flow(ApiClient& client, const FlowName& flow,
                                     const DownloadProgress& on_progress) {
  const auto request = wechatpay::flow_link_request(flow.kind, flow.stock_id);
  for (int attempt = 1;; ++attempt) {
    const auto body = client.call(request);
    if (!body) return body.error();
    const auto link = wechatpay::parse_flow_link(flow.kind, *body);
    if (!link) return link.error();
    const auto begun = std::chrono::steady_clock::now();
    auto content = client.download(*link, on_progress);
    const auto took = std::chrono::steady_clock::now() - begun;
    if (content || attempt == 2 || took < wechatpay::FlowLink::kValidity) return content;
  }
}

ApiResult<PlatformRecords> fetch_favor_records(ApiClient& client, const UserName& user) {
  PlatformRecords records;
  wechatpay::CouponQuery query;
  query.openid = user.openid;
  query.appid = user.appid;
  query.creator_mchid = client.account().merchant.mchid;
  query.status = "USED";
  const auto ask = [&](std::int64_t page) {
    query.page.offset = page;
    return wechatpay::list_coupons_request(query);
  };
  const auto take = [&](const wechatpay::Coupon& listed) -> std::optional<ApiError> {
    // A query for coupons with the status USED also returns coupons that can still be redeemed, so
    // skip coupons with another status.
    if (listed.status != "USED") return std::nullopt;
    if (listed.consumption && !listed.consumption->transaction_id.empty()) {
      take_redeemed(listed, records);
      return std::nullopt;
    }
    // The list does not name the payment transaction of this coupon, so query this coupon
    // separately.
    const auto body =
        client.call(wechatpay::show_coupon_request({user.openid, listed.coupon_id, user.appid}));
    if (!body) return body.error();
    const auto coupon = wechatpay::parse_coupon(*body);
    if (!coupon) return coupon.error();
    if (coupon->status == "USED") take_redeemed(*coupon, records);
    return std::nullopt;
  };
  if (auto error =
          read_all(client, ask, wechatpay::parse_coupons, &wechatpay::Coupon::coupon_id, take)) {
    return std::move(*error);
  }
  return records;
}

ApiResult<PlatformRecords> fetch_busifavor_records(ApiClient& client, const UserName& user) {
  PlatformRecords records;
  wechatpay::BusifavorCouponQuery query;
  query.openid = user.openid;
  query.appid = user.appid;
  query.creator_merchant = client.account().merchant.mchid;
  const auto ask = [&](std::int64_t page) {
    query.page.offset = page;
    return wechatpay::list_busifavor_coupons_request(query);
  };
  const auto key_of = [](const wechatpay::BusifavorCoupon& coupon) {
    return coupon.stock_id + "/" + coupon.coupon_code;
  };
  const auto take = [&](const wechatpay::BusifavorCoupon& coupon) -> std::optional<ApiError> {
    using wechatpay::Identifier;
    const bool is_valid =
        CouponCheck()
            .identifier("stock_id", Identifier::kStockId, coupon.stock_id)
            .identifier("coupon_code", Identifier::kCouponCode, coupon.coupon_code)
            .time("receive_time", coupon.receive_time)
            .pass(records);
    if (!is_valid) return std::nullopt;
    records.entries.push_back(wechatpay::to_platform_record(coupon, user.openid));
    if (coupon.coupon_state == "USED")
      records.not_compared.push_back(wechatpay::used_coupon_record(coupon));
    return std::nullopt;
  };
  if (auto error = read_all(client, ask, wechatpay::parse_busifavor_coupons, key_of, take)) {
    return std::move(*error);
  }
  return records;
}

}  // namespace couponhook::server
