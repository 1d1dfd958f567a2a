#include "server/commands/reconcile_report.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <string>

#include "base/json_writer.hpp"
#include "server/commands/table.hpp"

namespace couponhook::server {
namespace {

using wechatpay::ReportRow;

void write(base::JsonWriter& json, const ReportRow& row) {
  json.begin()
      .text("finding", to_string(row.finding))
      .text("kind", to_string(row.kind))
      .text("stock_id", row.stock_id)
      .text("coupon", row.coupon)
      .text("transaction_id", row.transaction_id)
      .text("business_key", row.business_key)
      .text("occurred_at", row.occurred_at)
      .number("line", row.line)
      .text("differences", row.differences)
      .end();
}

void write(base::JsonWriter& json, const Applied& applied) {
  json.begin("applied")
      .number("outdated", applied.outdated)
      .number("unsettled", applied.unsettled)
      .number("stored", applied.stored)
      .number("duplicates", applied.duplicates)
      .number("conflicts", applied.conflicts)
      .number("failed", applied.failed)
      .end();
}

void write(base::JsonWriter& json, std::span<const wechatpay::FlowProblem> problems) {
  json.begin_list("problems");
  for (const wechatpay::FlowProblem& problem : problems) {
    json.begin()
        .number("line", problem.line)
        .number("column", problem.column)
        .text("message", problem.message)
        .end();
  }
  json.end_list();
}

void write(base::JsonWriter& json, const wechatpay::Refund& refund) {
  const base::RefundAmounts& amounts = refund.amounts;
  json.begin("refund")
      .text("refund_id", refund.refund_id)
      .text("out_refund_no", refund.out_refund_no)
      .text("transaction_id", refund.transaction_id)
      .text("status", refund.status)
      .begin("amount")
      .number("total", amounts.total)
      .number("refund", amounts.refund)
      .number("payer_total", amounts.payer_total)
      .number("payer_refund", amounts.payer_refund)
      .number("coupon_refund", amounts.coupon_refund())
      .end()
      .begin_list("coupons");
  for (const wechatpay::Refund::Promotion& promotion : refund.promotions) {
    json.begin()
        .text("coupon_id", promotion.share.coupon)
        .number("amount", promotion.share.amount)
        .number("refund_amount", promotion.share.refund_amount)
        .end();
  }
  json.end_list().end();
}

void print_refund(const wechatpay::Refund& refund, std::ostream& out) {
  const base::RefundAmounts& amounts = refund.amounts;
  out << "refund " << refund.refund_id << " of transaction " << refund.transaction_id << ": "
      << refund.status;
  if (!refund.succeeded()) {
    out << ", so nothing of its " << base::yuan(amounts.refund) << " yuan has gone back\n";
    return;
  }
  out << ", " << base::yuan(amounts.refund) << " of " << base::yuan(amounts.total)
      << " yuan went back: " << base::yuan(amounts.payer_refund) << " to the payer, "
      << base::yuan(amounts.coupon_refund()) << " to coupons\n";
  for (const wechatpay::Refund::Promotion& promotion : refund.promotions) {
    out << "coupon " << promotion.share.coupon << ": " << base::yuan(promotion.share.refund_amount)
        << " of its " << base::yuan(promotion.share.amount) << " yuan\n";
  }
}

/// Makes a row of the report for an event that is in WeChat Pay's records but cannot be in the
/// ledger, because WeChat Pay sends no notification for it.
ReportRow row_of_not_compared(const wechatpay::PlatformRecord& entry) {
  return {wechatpay::Finding::kNotCompared,
          entry.kind,
          entry.stock_id,
          entry.coupon,
          entry.transaction_id,
          entry.business_key,
          entry.occurred_at,
          0,
          "WeChat Pay sends no notification of the use of a merchant coupon",
          0,
          false};
}

/// Returns all rows of the report: first the differences, then the events that were not compared.
std::vector<ReportRow> all_rows(const ReconcileOutcome& outcome) {
  std::vector<ReportRow> rows = outcome.report.rows;
  for (const auto& entry : outcome.not_compared) rows.push_back(row_of_not_compared(entry));
  return rows;
}

/// Returns a field for CSV: in quotes if it contains a separator, a quote or a line end.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

}  // namespace

void print_report_table(const ReconcileOutcome& outcome, std::ostream& out) {
  const wechatpay::ReconcileReport& report = outcome.report;
  if (outcome.refund) print_refund(*outcome.refund, out);
  const std::vector<ReportRow> found = all_rows(outcome);
  if (!found.empty()) {
    Table table{"finding", "kind", "coupon", "transaction", "occurred at", "differences"};
    for (const ReportRow& row : found) {
      table.add({to_string(row.finding), to_string(row.kind), row.coupon, row.transaction_id,
                 row.occurred_at, row.differences});
    }
    table.print(out);
  }
  for (const wechatpay::FlowProblem& problem : outcome.problems) {
    out << to_string(problem) << '\n';
  }
  out << report.in_platform << " in WeChat Pay's records, " << report.in_store
      << " in the store: " << report.matched << " matched, " << report.missing << " missing, "
      << report.differing << " differing, " << report.unlisted << " unlisted";
  if (outcome.malformed != 0) out << "; " << outcome.malformed << " lines could not be read";
  out << "\ncompared: " << outcome.compared << '\n';
  if (!outcome.not_compared.empty()) {
    out << "not compared: the use of " << outcome.not_compared.size()
        << " merchant coupons, because WeChat Pay sends no notification of it\n";
  }
  if (outcome.applied) {
    const Applied& applied = *outcome.applied;
    out << "applied: " << applied.stored << " stored, " << applied.duplicates << " known already, "
        << applied.conflicts << " in conflict, " << applied.failed << " failed\n";
    if (applied.outdated != 0) {
      out << applied.outdated << " left out: older than store.retention_ledger_days, or without a "
          << "time, they may have been applied and removed since\n";
    }
    if (applied.unsettled != 0) {
      out << applied.unsettled << " left out: younger than reconcile.settle_s, they may still be "
          << "notified\n";
    }
  } else if (report.missing != 0) {
    out << "nothing was changed; --apply stores the missing notifications\n";
  } else if (std::ranges::any_of(report.rows, &ReportRow::is_incomplete)) {
    out << "nothing was changed; --apply adds what the store lacks\n";
  }
}

void print_report_json(const ReconcileOutcome& outcome, std::ostream& out) {
  const wechatpay::ReconcileReport& report = outcome.report;
  base::JsonWriter json;
  json.begin()
      .number("in_books", report.in_platform)
      .number("repeated", report.repeated)
      .number("in_store", report.in_store)
      .number("matched", report.matched)
      .number("missing", report.missing)
      .number("differing", report.differing)
      .number("unlisted", report.unlisted)
      .number("malformed", outcome.malformed)
      .text("compared", outcome.compared)
      .number("not_compared", outcome.not_compared.size());
  if (outcome.refund) write(json, *outcome.refund);
  write(json, outcome.problems);
  if (outcome.applied) write(json, *outcome.applied);
  json.begin_list("rows");
  for (const ReportRow& row : all_rows(outcome)) write(json, row);
  out << json.end_list().end().take() << '\n';
}

void print_report_csv(const ReconcileOutcome& outcome, std::ostream& out) {
  out << "finding,kind,stock_id,coupon,transaction_id,business_key,occurred_at,line,differences"
         "\r\n";
  const auto print = [&out](const std::array<std::string, 9>& fields) {
    std::string line;
    for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field);
    out << line << "\r\n";
  };
  for (const ReportRow& row : all_rows(outcome)) {
    print({std::string(to_string(row.finding)), std::string(to_string(row.kind)), row.stock_id,
           row.coupon, row.transaction_id, row.business_key, row.occurred_at,
           std::to_string(row.line), row.differences});
  }
  for (const wechatpay::FlowProblem& problem : outcome.problems) {
    print({"malformed", "", "", "", "", "", "", std::to_string(problem.line), to_string(problem)});
  }
}

}  // namespace couponhook::server
