#pragma once

/// \file
/// Makes notifications from templates, with fresh ids and numbers in each.

#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/random.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server {

/// A field of the resource that the user sets, like `consume_information.transaction_id=4200…`.
struct FieldSetting {
  std::vector<std::string> path;
  std::string json;      ///< the value as JSON text
  bool is_plain_number;  ///< true: `json` is a number, but the user may mean a string of digits

  /// \return an error message unless `text` has the form path=value. A value that is not JSON
  /// becomes a string.
  [[nodiscard]] static boost::system::result<FieldSetting, std::string> parse(
      std::string_view text);
};

/// Returns true if resolve_event() knows the word `event`, or if `event` may be an event type.
/// Event types look like COUPON.USE, so an unknown word in small letters is a typing error.
[[nodiscard]] bool names_event(std::string_view event);

/// \return the event type that `issue`, `redeem` or `refund` stands for; any other text unchanged.
[[nodiscard]] std::string resolve_event(std::string_view event);

/// Makes drafts of one event type. Each draft has its own id and its own coupon, transaction and
/// refund numbers, and the current time. For a type without a template, the resource holds only a
/// note and a time.
class EventTemplate {
 public:
  /// \param mchid the merchant that issues, redeems or refunds.
  /// \param settings fields that replace the generated ones.
  EventTemplate(std::string event_type, std::string mchid, std::vector<FieldSetting> settings,
                crypto::RandomSource random, base::WallClock clock);

  /// \return an error message if a setting does not fit the resource.
  [[nodiscard]] boost::system::result<Draft, std::string> make_draft() const;

 private:
  std::string event_type_;
  std::string mchid_;
  std::vector<FieldSetting> settings_;
  crypto::RandomSource random_;
  base::WallClock clock_;
};

}  // namespace couponhook::server
