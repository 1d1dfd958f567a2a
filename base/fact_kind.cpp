#include "base/fact_kind.hpp"

namespace couponhook::base {

std::string_view to_string(FactKind kind) {
  switch (kind) {
    case FactKind::kIssue:
      return "issue";
    case FactKind::kRedeem:
      return "redeem";
    case FactKind::kRefund:
      return "refund";
  }
  return "";
}

std::optional<FactKind> parse_fact_kind(std::string_view text) {
  for (const auto kind : {FactKind::kIssue, FactKind::kRedeem, FactKind::kRefund}) {
    if (text == to_string(kind)) return kind;
  }
  return {};
}

}  // namespace couponhook::base
