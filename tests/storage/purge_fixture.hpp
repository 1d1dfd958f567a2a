#pragma once

/// \file
/// Test fixture for purges: stores notifications as received on numbered days, and purges old
/// notifications.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/retention/purge.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {

inline constexpr std::int64_t kDay = 86'400'000;
inline constexpr std::int64_t kForSteps = 3;

inline std::int64_t day(std::int64_t number) {
  return kNow + number * kDay;
}

inline Admission received_on(std::int64_t number, std::string id) {
  Admission a = admission(std::move(id));
  a.received_at_ms = day(number);
  return a;
}

inline Admission with_delivery(Admission a) {
  a.deliveries.push_back({.handler = "crm", .ordering_key = a.id});
  return a;
}

class PurgeTest : public StoreTest {
 protected:
  PurgeCounts purge(const PurgeCutoffs& cutoffs, PurgeMode mode = PurgeMode::kRemove,
                    std::int64_t rows = kForSteps) {
    const auto connection = writer();
    Purge purge(*connection, cutoffs, mode, std::chrono::steady_clock::now);
    for (bool more = true; more;) {
      const auto stepped = purge.step(rows);
      EXPECT_TRUE(stepped) << stepped.error().message;
      more = stepped && stepped->more;
    }
    return purge.counts();
  }
  void execute(std::string_view script) { ASSERT_TRUE(writer()->run_script(script)); }
  /// Ends every delivery in the store as a worker does.
  /// \param state state that the deliveries get; "done" means success.
  void finish_deliveries(std::string_view state = "done") {
    execute("UPDATE deliveries SET due_at = NULL, finished_at = 1, state = '" + std::string(state) +
            "'");
  }
  std::int64_t count(const std::string& from) {
    const std::string text = "SELECT count(*) FROM " + from;
    const Statement statement{text};
    const std::array ask{Command(statement, {})};
    std::vector<Rows> results;
    EXPECT_TRUE(store().reader().value()->run(ask, results));
    return std::get<std::int64_t>(results.at(0).at(0).at(0));
  }
  bool is_kept(std::string_view id) { return reader().notification(id).value().has_value(); }
  bool has_payload(std::string_view id) { return !kept(id).resource.empty(); }
};

}  // namespace couponhook::storage
