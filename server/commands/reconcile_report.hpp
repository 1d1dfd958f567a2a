#pragma once

/// \file
/// Private to this folder: a comparison as people and programs read it.

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>

#include "wechatpay/compare.hpp"
#include "wechatpay/flow_file.hpp"

namespace couponhook::server {

/// What became of the missing, once they were handed in.
struct Applied {
  std::size_t outdated = 0;   ///< too old: may have been forgotten, and were not handed in
  std::size_t unsettled = 0;  ///< too young: may still be notified, and were not handed in
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  std::size_t conflicts = 0;
  std::size_t failed = 0;
};

struct ReconcileOutcome {
  wechatpay::ReconcileReport report;
  std::span<const wechatpay::FlowProblem> problems;
  std::size_t malformed = 0;
  /// What WeChat Pay's books tell and the ledger cannot know of.
  std::span<const wechatpay::BookEntry> not_compared;
  std::string_view compared;       ///< which facts were
  std::optional<Applied> applied;  ///< nothing unless it was asked for
};

void print_report_table(const ReconcileOutcome& outcome, std::ostream& out);
void print_report_json(const ReconcileOutcome& outcome, std::ostream& out);
/// One line for each finding, with a header line; RFC 4180.
void print_report_csv(const ReconcileOutcome& outcome, std::ostream& out);

}  // namespace couponhook::server
