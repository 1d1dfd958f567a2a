#pragma once

/// \file
/// Builds Prometheus metric families. A family is a metric name with its samples.

#include <deque>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/histogram.hpp"

namespace couponhook::server {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

/// One Prometheus metric family, built sample by sample.
class MetricFamily {
 public:
  MetricFamily(std::string name, std::string help, prometheus::MetricType type) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  template <typename Number>
  MetricFamily& sample(Number value, MetricLabels labels = {}) {
    prometheus::ClientMetric& metric = add(std::move(labels));
    const bool counts = family_.type == prometheus::MetricType::Counter;
    (counts ? metric.counter.value : metric.gauge.value) = static_cast<double>(value);
    return *this;
  }
  /// Adds a histogram.
  /// \param bounds upper bounds of the classes, in the unit in which the values were counted.
  /// \param counts one number for each bound, and one for the values above the last bound.
  /// \param divisor number of those units in one unit of the metric: 1e6 for microseconds in a
  ///   metric of seconds. A division gives exact bounds such as 0.0025.
  MetricFamily& histogram(std::span<const std::uint64_t> bounds,
                          const base::HistogramCounts& counts, double divisor,
                          MetricLabels labels = {}) {
    if (counts.counts.size() != bounds.size() + 1) return *this;
    prometheus::ClientMetric::Histogram& histogram = add(std::move(labels)).histogram;
    for (std::size_t i = 0; i < counts.counts.size(); ++i) {
      histogram.sample_count += counts.counts[i];
      const double bound = i < bounds.size() ? static_cast<double>(bounds[i]) / divisor
                                             : std::numeric_limits<double>::infinity();
      histogram.bucket.push_back({histogram.sample_count, bound});
    }
    histogram.sample_sum = static_cast<double>(counts.sum) / divisor;
    return *this;
  }
  [[nodiscard]] bool empty() const { return family_.metric.empty(); }
  [[nodiscard]] prometheus::MetricFamily take() { return std::move(family_); }

 private:
  prometheus::ClientMetric& add(MetricLabels labels) {
    family_.metric.emplace_back().label = std::move(labels);
    return family_.metric.back();
  }

  prometheus::MetricFamily family_;
};

/// All Prometheus metric families of the service, in the order of the output. Families without
/// samples are left out.
class MetricFamilies {
 public:
  MetricFamily& counter(std::string name, std::string help) {
    return add("couponhook_" + std::move(name), std::move(help), prometheus::MetricType::Counter);
  }
  MetricFamily& gauge(std::string name, std::string help) {
    return add("couponhook_" + std::move(name), std::move(help), prometheus::MetricType::Gauge);
  }
  MetricFamily& histogram(std::string name, std::string help) {
    return add("couponhook_" + std::move(name), std::move(help), prometheus::MetricType::Histogram);
  }
  /// Adds a metric of the process, whose name is the same in every program.
  MetricFamily& process(std::string name, std::string help, prometheus::MetricType type) {
    return add("process_" + std::move(name), std::move(help), type);
  }
  [[nodiscard]] std::string text() {
    std::vector<prometheus::MetricFamily> taken;
    taken.reserve(families_.size());
    for (MetricFamily& family : families_) {
      if (!family.empty()) taken.push_back(family.take());
    }
    return prometheus::TextSerializer().Serialize(taken);
  }

 private:
  MetricFamily& add(std::string name, std::string help, prometheus::MetricType type) {
    return families_.emplace_back(std::move(name), std::move(help), type);
  }

  // The list of families is a deque, so that references to its elements stay valid when an element
  // is added.
  std::deque<MetricFamily> families_;
};

}  // namespace couponhook::server
