#include "server/outbound/user_records.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include <boost/algorithm/string/replace.hpp>

namespace couponhook::server {
namespace {

using wechatpay::ApiError;
using wechatpay::ApiFailure;

struct Product {
  decltype(&fetch_favor_records) fetch_records;
  std::size_t read = 0;
  std::size_t skipped = 0;
  bool is_closed = false;
};

/// Tells which queries an error affects: those of one user, those of one product (代金券 or
/// 商家券), or all.
enum class ErrorScope : std::uint8_t { kUser, kProduct, kEverybody };

ErrorScope scope_of(const ApiError& error) {
  if (error.failure == ApiFailure::kUnreadable) return ErrorScope::kUser;
  if (error.failure != ApiFailure::kRefused) return ErrorScope::kEverybody;
  if (error.status == 400 || error.status == 404) return ErrorScope::kUser;
  return error.status == 401 || error.status == 403 ? ErrorScope::kProduct : ErrorScope::kEverybody;
}

/// Returns the text of the error without the user's openid: WeChat Pay's message may quote the
/// request, and openids must not appear in logs.
std::string text_without(const UserName& user, const ApiError& error) {
  return boost::algorithm::replace_all_copy(error.text(), user.openid, "…");
}

}  // namespace

UserRecords fetch_records_of_users(ApiClient& client, std::span<const UserName> users,
                                   const std::function<void(const UserName&)>& on_asked) {
  UserRecords all;
  std::array<Product, 2> products{{{&fetch_favor_records}, {&fetch_busifavor_records}}};
  bool is_over = false;
  for (const UserName& user : users) {
    if (is_over || std::ranges::all_of(products, &Product::is_closed)) break;
    on_asked(user);
    bool is_skipped = false;
    for (Product& product : products) {
      if (is_over || product.is_closed) continue;
      auto records = product.fetch_records(client, user);
      if (records) {
        ++product.read;
        all.records.append(std::move(*records));
        continue;
      }
      std::string why = text_without(user, records.error());
      const ErrorScope scope = scope_of(records.error());
      if (scope == ErrorScope::kUser) {
        is_skipped = true;
        ++product.skipped;
        all.last_skip = std::move(why);
        continue;
      }
      all.failures.push_back(std::move(why));
      product.is_closed = true;
      is_over = scope == ErrorScope::kEverybody;
    }
    all.skipped += is_skipped ? 1U : 0U;
  }
  all.is_skipped_throughout = std::ranges::any_of(
      products, [](const Product& product) { return product.skipped != 0 && product.read == 0; });
  return all;
}

}  // namespace couponhook::server
