#include "server/outbound/recent_users.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "base/clock.hpp"
#include "handlers/coupon_event.hpp"
#include "server/outbound/issued_file.hpp"
#include "wechatpay/identifier.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kIssued = "COUPON.SEND";
constexpr std::int64_t kPage = 200;
/// Largest number of users in the list of recent users. At most as many notifications are read,
/// because some notifications name no user.
constexpr std::size_t kUsersMax = 100'000;

/// List of users that holds each user once, in the order in which they were added.
class Users {
 public:
  void add(UserName user) {
    if (full() || user.openid.empty()) return;
    if (known_.emplace(user.appid, user.openid).second) users_.push_back(std::move(user));
  }
  [[nodiscard]] bool full() const { return users_.size() >= kUsersMax; }
  [[nodiscard]] std::vector<UserName> take() && { return std::move(users_); }

 private:
  std::set<std::pair<std::string, std::string>> known_;
  std::vector<UserName> users_;
};

std::string openid_of(const storage::NotificationRecord& record) {
  const auto event = handlers::read_event(record.event_type, record.resource, {});
  const auto* issued = std::get_if<handlers::CouponIssued>(&event);
  // Check the openid (the user's id): the stored notification may be damaged.
  const bool names_user =
      issued != nullptr && has_form(wechatpay::Identifier::kOpenid, issued->openid);
  return names_user ? issued->openid : std::string();
}

/// Adds the users who are named in stored COUPON.SEND notifications (a user received a coupon).
/// \return an error text if the store cannot be read; otherwise an empty text.
std::string add_notified(const MerchantConfig& merchant, storage::Reader& reader,
                         std::int64_t since_ms, Users& users) {
  storage::NotificationFilter filter;
  filter.event_type = kIssued;
  filter.mchid = merchant.mchid;
  filter.since_ms = since_ms;
  filter.limit = kPage;
  filter.whole = true;
  for (std::size_t looked_at = 0; looked_at < kUsersMax && !users.full();) {
    const auto page = reader.notifications(filter);
    if (!page) return page.error().message;
    for (const auto& item : page->items) {
      users.add({openid_of(item), merchant.reconcile.appid});
    }
    looked_at += page->items.size();
    if (!page->next_before_sequence) break;
    filter.before_sequence = page->next_before_sequence;
  }
  return {};
}

}  // namespace

boost::system::result<RecentUsers, std::string> recent_users(const MerchantConfig& merchant,
                                                             storage::Reader& reader,
                                                             std::chrono::sys_seconds now) {
  using Result = boost::system::result<RecentUsers, std::string>;
  const ReconcileConfig& config = merchant.reconcile;
  const auto since = now - config.recent;
  RecentUsers recent;
  Users users;
  if (!config.issued_file.empty()) {
    auto issued = read_issued(config.issued_file, since);
    if (!issued) {
      return Result(boost::system::in_place_error,
                    "issued_file " + config.issued_file.string() + ": " + issued.error());
    }
    for (UserName& user : issued->users) users.add(std::move(user));
    recent.malformed = issued->malformed;
    recent.first_problem = std::move(issued->first_problem);
  }
  if (!config.appid.empty()) {
    auto error_text = add_notified(merchant, reader, base::to_unix_ms(since), users);
    if (!error_text.empty()) return Result(boost::system::in_place_error, std::move(error_text));
  }
  recent.users = std::move(users).take();
  return Result(boost::system::in_place_value, std::move(recent));
}

std::vector<UserName> UserTurns::next(std::vector<UserName> users, std::size_t most) {
  ++looks_;
  std::map<Key, std::uint64_t> asked;
  for (const UserName& user : users) {
    if (auto known = asked_.extract(key_of(user))) asked.insert(std::move(known));
  }
  asked_ = std::move(asked);
  if (users.size() <= most) return users;

  const auto asked_at = [&](const UserName& user) {
    const auto found = asked_.find(key_of(user));
    return found == asked_.end() ? 0 : found->second;
  };
  std::ranges::stable_sort(users, {}, asked_at);
  const std::size_t not_polled = users.size() - asked_.size();
  // `most` is the largest number of users that this poll may query. If it is odd, one place is left
  // over. New users and known users get this place in turn, so that both groups get places even if
  // `most` is 1.
  const std::size_t half = (most + looks_ % 2) / 2;
  const std::size_t from_asked =
      std::min(asked_.size(), std::max(half, most - std::min(most, not_polled)));
  const auto after_new = users.begin() + static_cast<std::ptrdiff_t>(most - from_asked);
  users.erase(after_new, users.begin() + static_cast<std::ptrdiff_t>(not_polled));
  users.resize(most);
  return users;
}

void UserTurns::note_asked(const UserName& user) {
  asked_[key_of(user)] = looks_;
}

}  // namespace couponhook::server
