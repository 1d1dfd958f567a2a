#include "server/admin/history_admin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hpp"
#include "server/admin/admin_reply.hpp"

namespace couponhook::server {
namespace {

using storage::HistoryValue;

/// A span of time that a chart shows: `steps` steps of `step_s` seconds, which are summed from rows
/// of `stored_s` seconds.
struct Span {
  std::string_view name;
  std::int64_t steps;
  std::int64_t step_s;
  std::int64_t stored_s;
};
constexpr std::array<Span, 3> kSpans{{
    {"hour", 60, 60, storage::kMinuteS},
    {"day", 96, 900, storage::kMinuteS},
    {"week", 168, 3600, storage::kHourS},
}};

/// Number of times that the rows are read again because the counts of this process were written
/// meanwhile.
constexpr int kTries = 3;

using Series = std::map<std::string, std::vector<std::int64_t>, std::less<>>;

/// The series of a chart, by their names in the store.
class Chart {
 public:
  Chart(const Span& span, std::int64_t now_ms)
      : span_(span),
        to_s_((now_ms / 1000 / span.step_s + 1) * span.step_s),
        from_s_(to_s_ - span.steps * span.step_s) {}

  [[nodiscard]] std::int64_t from_s() const { return from_s_; }
  [[nodiscard]] std::int64_t to_s() const { return to_s_; }

  void add(std::string_view series, std::int64_t at_s, std::int64_t value) {
    if (at_s < from_s_ || at_s >= to_s_) return;
    const auto place = static_cast<std::size_t>((at_s - from_s_) / span_.step_s);
    values(series)[place] += value;
  }
  /// Adds the rows of the store, and the difference between its totals and those up to which the
  /// history is written, in the minute in which the difference will be written.
  void add_rows(const std::vector<HistoryValue>& rows, std::int64_t now_ms) {
    std::map<std::string_view, std::int64_t> marks;
    for (const HistoryValue& row : rows) {
      if (row.at_s == HistoryValue::kMark) marks[row.series] = row.value;
      if (row.at_s >= 0) add(row.series, row.at_s, row.value);
    }
    const auto written = marks.find(storage::kHistoryWrittenAt);
    const std::int64_t since_s = (written == marks.end() ? now_ms : written->second) / 1000;
    for (const HistoryValue& row : rows) {
      if (row.at_s != HistoryValue::kTotal || !has_history(row.series)) continue;
      const auto mark = marks.find(row.series);
      add(row.series, since_s, row.value - (mark == marks.end() ? 0 : mark->second));
    }
  }
  void add_unwritten(const UnwrittenHistory& unwritten) {
    for (const storage::HistoryCount& count : unwritten.counts) {
      add(count.series, unwritten.since_ms / 1000, count.delta);
    }
  }
  [[nodiscard]] const std::vector<std::int64_t>& values_of(std::string_view series) {
    return values(series);
  }
  /// Returns for each step the time within which this part of the acknowledged notifications was
  /// answered, in milliseconds; nothing for a step without any.
  [[nodiscard]] std::vector<std::optional<double>> ack_quantiles(double part) {
    std::vector<std::optional<double>> result;
    for (std::size_t step = 0; step < static_cast<std::size_t>(span_.steps); ++step) {
      std::array<std::int64_t, kAckClasses> counts{};
      for (std::size_t i = 0; i < kAckClasses; ++i) counts[i] = values(ack_series(i))[step];
      result.push_back(quantile_ms(counts, part));
    }
    return result;
  }

 private:
  static bool has_history(std::string_view name) {
    return std::ranges::find(storage::history_totals(), name, &storage::HistoryTotal::counter) !=
           storage::history_totals().end();
  }
  std::vector<std::int64_t>& values(std::string_view series) {
    auto found = series_.find(series);
    if (found == series_.end()) {
      const std::vector<std::int64_t> zeros(static_cast<std::size_t>(span_.steps));
      found = series_.emplace(series, zeros).first;
    }
    return found->second;
  }
  /// Estimates a quantile from a histogram, as if the times in each class were evenly distributed.
  static std::optional<double> quantile_ms(std::span<const std::int64_t, kAckClasses> counts,
                                           double part) {
    std::int64_t total = 0;
    for (const std::int64_t count : counts) total += count;
    if (total <= 0) return std::nullopt;
    const double rank = part * static_cast<double>(total);
    double below = 0;
    double lower_ms = 0;
    for (std::size_t i = 0; i < kReplyTimeBounds.size(); ++i) {
      const double upper_ms = static_cast<double>(kReplyTimeBounds[i]) / 1000;
      const auto count = static_cast<double>(counts[i]);
      if (count > 0 && below + count >= rank) {
        const double ms = lower_ms + (upper_ms - lower_ms) * (rank - below) / count;
        return std::round(ms * 100) / 100;
      }
      below += count;
      lower_ms = upper_ms;
    }
    return lower_ms;
  }

  const Span& span_;
  const std::int64_t to_s_;
  const std::int64_t from_s_;
  Series series_;
};

std::string history_json(const Span& span, Chart& chart) {
  base::JsonWriter json;
  json.begin()
      .text("span", span.name)
      .number("step_s", span.step_s)
      .time("from", chart.from_s() * 1000)
      .time("to", chart.to_s() * 1000)
      .begin("series");
  for (const storage::HistoryTotal& total : storage::history_totals()) {
    json.optional_numbers(total.series, chart.values_of(total.counter));
  }
  json.optional_numbers("refused", chart.values_of(series::kRefused))
      .optional_numbers("probes", chart.values_of(series::kProbes))
      .reals("ack_p50_ms", chart.ack_quantiles(0.5))
      .reals("ack_p99_ms", chart.ack_quantiles(0.99))
      .end()
      .end();
  return json.take();
}

}  // namespace

Reply history_reply(storage::Reader& reader, const HistoryRecorder& recorder, std::int64_t now_ms,
                    const base::RequestTarget& target) {
  const auto span =
      std::ranges::find(kSpans, target.parameter("span").value_or("hour"), &Span::name);
  if (span == kSpans.end()) {
    return error(400, "PARAM_ERROR", "span is invalid: it is hour, day or week");
  }
  for (int tries = 1;; ++tries) {
    Chart chart(*span, now_ms);
    const UnwrittenHistory unwritten = recorder.unwritten();
    const auto rows = reader.history(span->step_s, span->stored_s, chart.from_s(), chart.to_s());
    if (!rows) return store_failed(rows.error());
    if (recorder.unwritten().writes != unwritten.writes && tries < kTries) continue;
    chart.add_rows(*rows, now_ms);
    chart.add_unwritten(unwritten);
    return json_reply(200, history_json(*span, chart));
  }
}

}  // namespace couponhook::server
