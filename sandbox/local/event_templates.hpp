#pragma once

/// \file
/// Makes coupon and refund notifications from templates, each with a new id and new numbers of
/// coupon, payment and refund.

#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/random.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server {

/// A value of the command-line option --set: the path and the new value of one field in the
/// encrypted part of a notification, such as `consume_information.transaction_id=4200…`.
struct FieldSetting {
  std::vector<std::string> path;
  std::string json;  ///< new value of the notification's field, as JSON text
  /// True: the value is a number. If the template has a string in this field, the number is written
  /// as a string of digits.
  bool is_plain_number;

  /// Parses a value of the option --set.
  /// \return the setting, or an error message if `text` does not have the form path=value. A value
  ///   that is not valid JSON becomes a string.
  [[nodiscard]] static boost::system::result<FieldSetting, std::string> parse(
      std::string_view text);
};

/// Returns true if `event` is one of the words issue, redeem and refund, or if `event` may be an
/// event type such as COUPON.USE. Any other word in small letters is a typing error.
[[nodiscard]] bool names_event(std::string_view event);

/// Returns the event type (such as COUPON.USE) that the word issue, redeem or refund stands for;
/// any other text is returned unchanged.
[[nodiscard]] std::string resolve_event(std::string_view event);

/// Makes drafts of notifications (their content before encryption and signing) of one event type.
/// Each draft has a new id, new numbers of coupon, payment and refund, and the current time. If
/// there is no template for the event type, the content is only a note and a time.
class EventTemplate {
 public:
  /// \param mchid the merchant that issues the coupon, accepts the coupon or refunds the payment.
  /// \param settings values that replace the template's values of single fields.
  EventTemplate(std::string event_type, std::string mchid, std::vector<FieldSetting> settings,
                crypto::RandomSource random, base::WallClock clock);

  /// Makes the content of a new notification.
  /// \return the draft, or an error message if a setting does not fit the template's JSON.
  [[nodiscard]] boost::system::result<Draft, std::string> make_draft() const;

 private:
  std::string event_type_;
  std::string mchid_;
  std::vector<FieldSetting> settings_;
  crypto::RandomSource random_;
  base::WallClock clock_;
};

}  // namespace couponhook::server
