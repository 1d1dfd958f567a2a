/// \file
/// Fuzz target: the checks that decide whether a received notification is stored. They must accept
/// a correctly signed and encrypted notification with any content, and refuse a notification that
/// was changed after signing.

#include <chrono>
#include <string>

#include "fuzz.hpp"
#include "server/receive/receive.hpp"
#include "support/wechatpay_stand_in.hpp"

namespace couponhook::fuzz {
namespace {

using server::Examined;
using support::WeChatPayStandIn;

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'763'700'000)};

enum class Alteration : unsigned char { kNone, kBody, kSignature, kTimestamp, kNonce, kCount };

server::ReceiveRules rules() {
  server::ReceiveRules made;
  std::vector<handlers::EventPattern> all;
  all.push_back(*handlers::EventPattern::parse("*"));
  made.ledger.add("ledger", all);
  made.outward.add("crm", all);
  return made;
}

void alter(support::FakeRequest& request, Alteration alteration) {
  const auto append = [&](const char* header) { request.set(header, request.get(header) + "0"); };
  switch (alteration) {
    case Alteration::kBody:
      request.body() += '\n';
      break;
    case Alteration::kSignature:
      return append("Wechatpay-Signature");
    case Alteration::kTimestamp:
      return append("Wechatpay-Timestamp");
    case Alteration::kNonce:
      return append("Wechatpay-Nonce");
    default:
      break;
  }
}

/// Checks one notification. The first byte of the fuzz input chooses the part of the notification
/// that is changed after signing. The rest of the first line is the event type. The other lines are
/// the text to be encrypted.
void run(std::string_view input) {
  static const WeChatPayStandIn wechatpay(kNow);
  static const server::Merchant merchant = wechatpay.merchant();
  static const server::ReceiveRules kRules = rules();
  Bytes bytes(input);
  const auto alteration =
      static_cast<Alteration>(bytes.byte() % static_cast<unsigned>(Alteration::kCount));
  server::Draft draft = support::redemption_draft("N-1");
  draft.event_type = bytes.line();
  draft.resource = bytes.rest();

  support::FakeRequest request = wechatpay.notify(draft);
  alter(request, alteration);
  const Examined examined = server::examine(request.view(), merchant, kRules, kNow);

  const auto* refused = std::get_if<server::Refused>(&examined);
  require((refused != nullptr) == (alteration != Alteration::kNone),
          "what was altered is refused, and nothing else");
  const auto* admitted = std::get_if<server::ToAdmit>(&examined);
  if (admitted == nullptr) return;
  require(admitted->admission.resource == draft.resource, "the resource is kept byte for byte");
  require(admitted->admission.deliveries.size() == 1, "each matching handler gets one delivery");
}

const Registration registered("examine", run);

}  // namespace
}  // namespace couponhook::fuzz
