#include "storage/commit_health.hpp"

#include <algorithm>

namespace couponhook::storage {
namespace {

/// Bytes by which a test row is larger than the largest notification that could not be stored. The
/// extra bytes stand for the database pages that the rows and index entries of a notification take
/// up. They also ensure that a store which reports ready has some room left.
constexpr std::size_t kProbeMargin = std::size_t{128} << 10;

}  // namespace

void CommitHealth::committed(std::span<const Work> batch, TimePoint now) {
  last_end_ = now;
  if (!failed_bytes_) return;
  const bool as_large = std::ranges::any_of(batch, [this](const Work& work) {
    const auto* probe = std::get_if<Probe>(&work.content);
    if (probe != nullptr) return probe->bytes >= probe_bytes();
    // A copy of a stored notification adds no row, so it can be committed even when a new
    // notification does not fit on the disk. That the copy was committed says nothing about the
    // health of the store.
    return work.outcome != AdmitOutcome::kDuplicate;
  });
  if (as_large) failed_bytes_.reset();
}

void CommitHealth::refused(std::span<const Work> batch, TimePoint now) {
  last_end_ = now;
  std::size_t largest = failed_bytes_.value_or(0);
  for (const Work& work : batch) {
    if (!std::holds_alternative<Probe>(work.content)) largest = std::max(largest, work.bytes);
  }
  failed_bytes_ = largest;
}

std::size_t CommitHealth::probe_bytes() const {
  return failed_bytes_ ? *failed_bytes_ + kProbeMargin : 0;
}

}  // namespace couponhook::storage
