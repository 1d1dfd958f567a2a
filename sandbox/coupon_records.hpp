#pragma once

/// \file
/// Records of the simulated WeChat Pay: stocks (batches of coupons, 批次), coupons, payments and
/// refunds.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/api_error.hpp"
#include "sandbox/records.hpp"
#include "sandbox/seeded_random.hpp"

namespace couponhook::server::sandbox {

enum class StockChange : std::uint8_t { kStart, kPause, kRestart, kStop };

/// A request to give a coupon (代金券 or 商家券) to a user.
struct SendOrder {
  std::string stock_id;
  std::string openid;
  std::string appid;
  std::string sender_mchid;
  std::string creator_mchid;
  std::string out_request_no;
  std::string channel{};  ///< way in which the user receives the coupon; empty for 代金券
  /// Code of the coupon, only for 商家券. Empty: the sandbox makes a code.
  std::string coupon_code{};
};

/// A request to pay with a coupon. The sandbox (a simulated WeChat Pay) chooses a value for each
/// member that is empty or 0.
struct RedeemOrder {
  std::string stock_id;
  std::string coupon_id;
  std::string mchid;
  std::string transaction_id;
  std::int64_t total = 0;
  std::vector<GoodsItem> goods;
};

struct RefundOrder {
  std::string transaction_id;
  /// Amount to refund, in fen (分). 0: refund everything that is not yet refunded.
  std::int64_t amount = 0;
  std::string status = "SUCCESS";
  /// The merchant's own number of the refund; empty: the sandbox makes one.
  std::string out_refund_no{};
  /// Part of the amount that went to the payer; absent: the coupon gets back the same share of the
  /// amount as it paid of the order.
  std::optional<std::int64_t> payer_amount{};
};

/// The records of the simulated WeChat Pay: stocks (批次), coupons, payments and refunds. This
/// class does no I/O and reads no clock: the same calls with the same times and the same random
/// seed give the same records. Returned pointers stay valid as long as this object exists. Not
/// thread-safe.
class CouponRecords {
 public:
  explicit CouponRecords(SeededRandom& chance) : chance_(chance) {}

  /// Creates a stock (批次) of 代金券. Idempotent: a second call with the same creator and the same
  /// out_request_no returns the stock that the first call created.
  [[nodiscard]] Result<const Stock*> create_stock(const std::string& creator,
                                                  const StockTerms& terms, Time now);
  [[nodiscard]] Result<const Stock*> change_stock(StockChange change, const std::string& stock_id,
                                                  const std::string& creator, Time now);
  /// Ends a stock (批次) as if its activity had ended long ago, so that its flow files (CSV files
  /// with the stock's redemptions and refunds) can be downloaded at once.
  [[nodiscard]] Result<const Stock*> end_stock(const std::string& stock_id, Time now);

  /// Gives a 代金券 to a user. Idempotent: a second call with the same sender and the same
  /// out_request_no returns the coupon that the first call gave.
  [[nodiscard]] Result<const Coupon*> send(const SendOrder& order, Time now);
  /// Gives a 商家券 to a user, and creates the coupon's stock (批次) if it does not exist.
  /// Idempotent: a second call with the same sender and the same out_request_no returns the coupon
  /// that the first call gave. \param is_new output: true if this call gave the coupon; false if an
  /// earlier call gave the
  ///   coupon, or if an error is returned.
  [[nodiscard]] Result<const Coupon*> issue(const SendOrder& order, Time now, bool& is_new);

  [[nodiscard]] Result<const Transaction*> redeem(const RedeemOrder& order, Time now);
  [[nodiscard]] Result<const Refund*> refund(const RefundOrder& order, Time now);

  /// The three functions find_stock(), find_coupon() and find_transaction() return the record with
  /// this id; null if there is no such record.
  [[nodiscard]] const Stock* find_stock(const std::string& id) const;
  [[nodiscard]] const Coupon* find_coupon(const std::string& id) const;
  [[nodiscard]] const Transaction* find_transaction(const std::string& id) const;
  /// Returns the refund with this number of the merchant; null if there is none.
  [[nodiscard]] const Refund* find_refund(const std::string& out_refund_no) const;
  [[nodiscard]] std::vector<const Refund*> refunds_of(const std::string& transaction_id) const;

  // The functions whose names begin with each_ call the function `visit` for every stock, coupon,
  // payment or refund, the oldest record first.
  void each_stock(const std::function<void(const Stock&)>& visit) const;
  void each_coupon(const std::function<void(const Coupon&)>& visit) const;
  void each_coupon_of(const std::string& openid,
                      const std::function<void(const Coupon&)>& visit) const;
  void each_transaction(const std::function<void(const Transaction&)>& visit) const;
  void each_refund(const std::function<void(const Refund&)>& visit) const;

 private:
  Stock* stock_of_product(const std::string& id, Product product);
  const Coupon* sent_before(const SendOrder& order) const;
  const Coupon* keep(const SendOrder& order, Stock& stock, std::string coupon_id, Time now);
  [[nodiscard]] std::int64_t held_by(const std::string& openid, const std::string& stock_id) const;

  SeededRandom& chance_;
  std::map<std::string, Stock> stocks_;
  std::map<std::string, Coupon> coupons_;
  std::map<std::string, Transaction> transactions_;
  std::deque<Refund> refunds_;
  std::vector<const Stock*> stocks_in_order_;
  std::vector<const Coupon*> coupons_in_order_;
  std::vector<const Transaction*> transactions_in_order_;
  std::map<std::string, std::vector<const Coupon*>> coupons_by_openid_;
  std::map<std::string, std::vector<const Refund*>> refunds_by_transaction_;
  std::map<std::string, const Refund*> refunds_by_number_;
  // Id of each stock (批次); key: "mchid/out_request_no" of the request that created the stock.
  std::map<std::string, std::string> stocks_by_request_;
  // Id of each coupon; key: "mchid/out_request_no" of the request that sent the coupon.
  std::map<std::string, std::string> coupons_by_request_;
};

}  // namespace couponhook::server::sandbox
