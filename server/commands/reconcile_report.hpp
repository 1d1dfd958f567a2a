#pragma once

/// \file
/// Prints the result of a reconciliation (comparison with WeChat Pay's records) as a table, as JSON
/// or as CSV. Only the files in server/commands use this header.

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>

#include "wechatpay/compare.hpp"
#include "wechatpay/flow_file.hpp"
#include "wechatpay/refunds.hpp"

namespace couponhook::server {

/// Numbers of missing entries, after `reconcile --apply` has sent them to the service.
struct Applied {
  /// Number of entries that were not sent because they are so old that the ledger may have removed
  /// them.
  std::size_t outdated = 0;
  /// Number of entries that were not sent because they are so young that WeChat Pay may still send
  /// their notifications.
  std::size_t unsettled = 0;
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  std::size_t conflicts = 0;
  std::size_t failed = 0;
};

struct ReconcileOutcome {
  wechatpay::ReconcileReport report;
  std::span<const wechatpay::FlowProblem> problems;
  std::size_t malformed = 0;
  /// Events in WeChat Pay's records that the ledger cannot contain, because no notification reports
  /// them.
  std::span<const wechatpay::PlatformRecord> not_compared;
  /// Description of the events that were compared, for the user.
  std::string_view compared;
  /// The refund that was queried, as WeChat Pay has it; empty if something else was compared.
  const std::optional<wechatpay::Refund>& refund;
  /// Numbers of the missing entries that were sent to the service; no value without the option
  /// --apply.
  std::optional<Applied> applied;
};

void print_report_table(const ReconcileOutcome& outcome, std::ostream& out);
void print_report_json(const ReconcileOutcome& outcome, std::ostream& out);
/// Prints the report as CSV in the format of RFC 4180: a header line, and one line for each
/// finding.
void print_report_csv(const ReconcileOutcome& outcome, std::ostream& out);

}  // namespace couponhook::server
