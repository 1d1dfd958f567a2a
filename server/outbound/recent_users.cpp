#include "server/outbound/recent_users.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "handlers/coupon_event.hpp"
#include "server/clock.hpp"
#include "server/outbound/issued_file.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kIssued = "COUPON.SEND";
constexpr std::int64_t kPage = 200;

/// Keeps each user once, in the order in which they come.
class Users {
 public:
  explicit Users(std::size_t most) : most_(most) {}

  void add(UserName user) {
    if (full() || user.openid.empty()) return;
    if (known_.emplace(user.appid, user.openid).second) users_.push_back(std::move(user));
  }
  [[nodiscard]] bool full() const { return users_.size() >= most_; }
  [[nodiscard]] std::vector<UserName> take() && { return std::move(users_); }

 private:
  std::size_t most_;
  std::set<std::pair<std::string, std::string>> known_;
  std::vector<UserName> users_;
};

std::string openid_of(const storage::NotificationRecord& record) {
  const auto event = handlers::read_event(record.event_type, record.resource, {});
  const auto* issued = std::get_if<handlers::CouponIssued>(&event);
  return issued == nullptr ? std::string() : issued->openid;
}

/// Looks at no more notifications than there may be users: most name none.
/// \return why the store cannot be read; empty where it could.
std::string add_notified(const MerchantConfig& merchant, storage::Reader& reader,
                         std::int64_t since_ms, Users& users) {
  storage::NotificationFilter filter;
  filter.event_type = kIssued;
  filter.mchid = merchant.mchid;
  filter.since_ms = since_ms;
  filter.limit = kPage;
  for (std::size_t looked_at = 0; looked_at < merchant.reconcile.max_users && !users.full();) {
    const auto page = reader.notifications(filter);
    if (!page) return page.error().message;
    for (const auto& item : page->items) {
      const auto whole = reader.notification(item.id);
      if (!whole) return whole.error().message;
      if (*whole) users.add({openid_of(**whole), merchant.reconcile.appid});
    }
    looked_at += page->items.size();
    if (!page->next_before_sequence) break;
    filter.before_sequence = page->next_before_sequence;
  }
  return {};
}

}  // namespace

boost::system::result<std::vector<UserName>, std::string> recent_users(
    const MerchantConfig& merchant, storage::Reader& reader, std::chrono::sys_seconds now) {
  using Result = boost::system::result<std::vector<UserName>, std::string>;
  const ReconcileConfig& config = merchant.reconcile;
  const auto since = now - config.recent;
  Users users(config.max_users);
  if (!config.issued_file.empty()) {
    auto issued = read_issued(config.issued_file, since);
    if (!issued) {
      return Result(boost::system::in_place_error,
                    "issued_file " + config.issued_file.string() + ": " + issued.error());
    }
    for (UserName& user : *issued) users.add(std::move(user));
  }
  if (!config.appid.empty()) {
    auto trouble = add_notified(merchant, reader, to_unix_ms(since), users);
    if (!trouble.empty()) return Result(boost::system::in_place_error, std::move(trouble));
  }
  return Result(boost::system::in_place_value, std::move(users).take());
}

}  // namespace couponhook::server
