#pragma once

/// \file
/// Prints the result of a comparison as a table, as JSON or as CSV. Private to this folder.

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>

#include "wechatpay/compare.hpp"
#include "wechatpay/flow_file.hpp"

namespace couponhook::server {

/// Counts of the missing entries, after `--apply` sent them to the service.
struct Applied {
  std::size_t outdated = 0;   ///< not sent: so old that the ledger may have removed them
  std::size_t unsettled = 0;  ///< not sent: so young that WeChat Pay may still notify them
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  std::size_t conflicts = 0;
  std::size_t failed = 0;
};

struct ReconcileOutcome {
  wechatpay::ReconcileReport report;
  std::span<const wechatpay::FlowProblem> problems;
  std::size_t malformed = 0;
  /// Events in WeChat Pay's records that the ledger cannot contain.
  std::span<const wechatpay::PlatformRecord> not_compared;
  std::string_view compared;       ///< description of the compared events
  std::optional<Applied> applied;  ///< nothing without --apply
};

void print_report_table(const ReconcileOutcome& outcome, std::ostream& out);
void print_report_json(const ReconcileOutcome& outcome, std::ostream& out);
/// Prints a header line and one line for each finding, in the format of RFC 4180.
void print_report_csv(const ReconcileOutcome& outcome, std::ostream& out);

}  // namespace couponhook::server
