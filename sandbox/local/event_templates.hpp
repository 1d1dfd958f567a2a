#pragma once

/// \file
/// Notifications out of nothing: a resource of each kind with numbers of its own.

#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/random.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server {

/// A field of the resource that the user decides, like
/// `consume_information.transaction_id=4200…`.
struct FieldSetting {
  std::vector<std::string> path;
  std::string json;      ///< the value as JSON text
  bool is_plain_number;  ///< so it may have been meant as text

  /// \return an error in words unless `text` is path=value. A value that is no JSON is a text.
  [[nodiscard]] static boost::system::result<FieldSetting, std::string> parse(
      std::string_view text);
};

/// Whether `event` is one of the words that resolve_event knows, or may be an event type: those are
/// like COUPON.USE, so that a word in small letters is a slip.
[[nodiscard]] bool names_event(std::string_view event);

/// \return the event type that `issue`, `redeem` and `refund` stand for; any other text is one.
[[nodiscard]] std::string resolve_event(std::string_view event);

/// Drafts of one event type, each with an id, coupon, transaction and refund of its own and dated
/// now. A type without a template gets a resource that holds little more than a note.
class EventTemplate {
 public:
  /// \param mchid the merchant that issues, redeems or refunds.
  /// \param settings win over what is generated.
  EventTemplate(std::string event_type, std::string mchid, std::vector<FieldSetting> settings,
                crypto::RandomSource random, base::WallClock clock);

  /// \return an error in words where a setting does not fit the resource.
  [[nodiscard]] boost::system::result<Draft, std::string> make_draft() const;

 private:
  std::string event_type_;
  std::string mchid_;
  std::vector<FieldSetting> settings_;
  crypto::RandomSource random_;
  base::WallClock clock_;
};

}  // namespace couponhook::server
