#include "server/repair/find_repair.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/ascii.hpp"
#include "crypto/signature_verifier.hpp"
#include "crypto/signed_digest.hpp"
#include "server/repair/body_repairs.hpp"
#include "server/repair/header_repairs.hpp"
#include "server/repair/json_layouts.hpp"

namespace couponhook::server {
namespace {

/// Number of characters of a signature that a 2048-bit key made, in base64.
constexpr std::size_t kSignatureCharacters = 344;

/// One reading of the headers, with the digest that its signature signs.
struct HeaderReading {
  SignedMessage message;
  std::vector<FoundDamage> damages;
  crypto::SignedDigest target;
};

bool fits(const HeaderReading& headers, std::string_view body) {
  const auto& [message, damages, target] = headers;
  return crypto::sha256({message.timestamp, "\n", message.nonce, "\n", body, "\n"}) ==
         target.digest;
}

/// The search for the repairs of one message.
class Search {
 public:
  Search(const crypto::PlatformKeys& keys, const SignedMessage& message, const RepairLimits& limits)
      : keys_(keys), message_(message), limits_(limits) {}

  RepairSearch run() {
    read_headers();
    if (!readings_.empty()) result_.signer = readings_.front().target.serial;
    if (!readings_.empty() && message_.body.size() <= limits_.body_bytes_max && search()) {
      return std::move(result_);
    }
    result_.unrepaired = guess();
    return std::move(result_);
  }

 private:
  /// Keeps those readings of the headers whose signature a known key made.
  void read_headers() {
    add_reading(message_, {});
    for (RepairedHeaders& repair : repair_headers(message_)) {
      add_reading(std::move(repair.message), {std::move(repair.damage)});
    }
  }
  void add_reading(SignedMessage message, std::vector<FoundDamage> damages) {
    const bool swapped = !damages.empty() && damages.front().damage == Damage::kHeadersSwapped;
    // A swap explains nothing if it puts a nonce into the place of the timestamp.
    if (swapped && !crypto::parse_timestamp(message.timestamp)) return;
    const auto [known, is_new] = digests_.try_emplace(message.signature);
    if (is_new) known->second = crypto::recover_digest(keys_, message.signature);
    if (!known->second) return;
    const crypto::SignedDigest& target = *known->second;
    if (!crypto::is_same_serial(message.serial, target.serial)) {
      if (swapped) return;  // two wrong headers at once: the other swaps explain more
      damages.push_back({Damage::kSerialReplaced, "it was made with " + target.serial});
      message.serial = target.serial;
    }
    readings_.push_back({std::move(message), std::move(damages), target});
  }

  bool search() {
    if (try_body(message_.body, {})) return true;
    const auto repairs = repair_body(message_.body, limits_.body_bytes_max);
    for (const RepairedBody& repair : repairs) {
      if (try_body(repair.body, {repair.damage})) return true;
    }
    const bool thorough = limits_.effort == RepairEffort::kThorough;
    if (try_layouts(message_.body, {}, MemberOrders::kUsual)) return true;
    if (!thorough) return false;
    for (const RepairedBody& repair : repairs) {
      if (try_layouts(repair.body, {repair.damage}, MemberOrders::kUsual)) return true;
      if (is_exhausted()) return false;
      for (const RepairedBody& second : repair_body(repair.body, limits_.body_bytes_max)) {
        if (try_body(second.body, {repair.damage, second.damage})) return true;
      }
    }
    return try_layouts(message_.body, {}, MemberOrders::kEvery);
  }

  /// Returns true if the search has taken as much work as its limits allow.
  [[nodiscard]] bool is_exhausted() const { return searched_ > limits_.searched_bytes_max; }

  bool try_body(std::string_view body, const std::vector<FoundDamage>& damages) {
    searched_ += body.size() * readings_.size();
    const auto reading = std::ranges::find_if(
        readings_, [&](const HeaderReading& headers) { return fits(headers, body); });
    if (reading == readings_.end()) return false;
    Repair repair{reading->message, reading->damages};
    repair.message.body = body;
    repair.damages.insert(repair.damages.end(), damages.begin(), damages.end());
    result_.signer = reading->target.serial;
    result_.repair = std::move(repair);
    return true;
  }
  bool try_layouts(std::string_view body, std::vector<FoundDamage> damages, MemberOrders orders) {
    damages.push_back({Damage::kReserialised, {}});
    const auto try_layout = [&](const std::string& layout, std::string_view style) {
      damages.back().detail = "the original layout is: " + std::string(style);
      return try_body(layout, damages) || is_exhausted();
    };
    return visit_layouts(body, orders, try_layout) && result_.repair.has_value();
  }

  /// Returns the most likely change of a message that no repair fits.
  [[nodiscard]] FoundDamage guess() const {
    const std::string& signature = message_.signature;
    const auto is_base64 = [](char c) {
      return base::is_alphanumeric(c) || c == '+' || c == '/' || c == '=';
    };
    if (result_.signer.empty() && signature.size() < kSignatureCharacters &&
        std::ranges::all_of(signature, is_base64)) {
      return {Damage::kSignatureTruncated, std::to_string(signature.size()) + " of " +
                                               std::to_string(kSignatureCharacters) +
                                               " characters are left"};
    }
    if (message_.body.empty()) return {Damage::kBodyEmpty, {}};
    const auto last = message_.body.find_last_not_of(" \t\r\n");
    const auto first = message_.body.find_first_not_of(" \t\r\n");
    const bool opens = first != std::string::npos && message_.body[first] == '{';
    if (opens && message_.body[last] != '}') {
      return {Damage::kBodyTruncated, std::to_string(message_.body.size()) + " bytes are left"};
    }
    return {Damage::kUnknown, {}};
  }

  const crypto::PlatformKeys& keys_;
  const SignedMessage& message_;
  const RepairLimits& limits_;
  std::map<std::string, std::optional<crypto::SignedDigest>> digests_;
  std::vector<HeaderReading> readings_;
  std::size_t searched_ = 0;  ///< bytes of all candidates that were tried
  RepairSearch result_;
};

}  // namespace

RepairSearch find_repair(const crypto::PlatformKeys& keys, const SignedMessage& message,
                         const RepairLimits& limits) {
  return Search(keys, message, limits).run();
}

std::string describe(const std::vector<FoundDamage>& damages) {
  std::string text;
  for (const FoundDamage& found : damages) {
    if (!text.empty()) text += "; and ";
    text += row(found.damage).cause;
    if (!found.detail.empty()) text += " (" + found.detail + ")";
  }
  return text;
}

}  // namespace couponhook::server
