// Checks that every user's coupons are queried again and again, even if there are more users than
// one round queries. The tests use invented lists of users and do not call WeChat Pay.

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/outbound/recent_users.hpp"

namespace couponhook::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<UserName> users(const std::vector<std::string>& openids) {
  std::vector<UserName> all;
  for (const std::string& openid : openids) all.push_back({openid, "wx1"});
  return all;
}

/// Runs one round that queries at most `most` users, and returns these users.
std::vector<std::string> poll(UserTurns& turns, const std::vector<std::string>& openids,
                              std::size_t most) {
  std::vector<std::string> asked;
  for (const UserName& user : turns.next(users(openids), most)) {
    turns.note_asked(user);
    asked.push_back(user.openid);
  }
  return asked;
}

TEST(UserTurns, TakesTheLatestFirst) {
  UserTurns turns;
  EXPECT_THAT(poll(turns, {"c", "b", "a"}, 2), ElementsAre("c", "b"));
}

TEST(UserTurns, FillsUpWithUsersPolledLongestAgo) {
  UserTurns turns;
  poll(turns, {"c", "b", "a"}, 2);
  EXPECT_THAT(poll(turns, {"c", "b", "a"}, 2), ElementsAre("a", "c"));
  EXPECT_THAT(poll(turns, {"c", "b", "a"}, 2), ElementsAre("b", "c"));
}

TEST(UserTurns, KeepsHalfForKnownUsersHoweverManyAreNew) {
  for (const std::size_t most : {1U, 2U, 3U}) {
    UserTurns turns;
    poll(turns, {"first"}, most);
    std::vector<std::string> all{"first"};
    std::set<std::string> asked;
    for (int number = 0; number < 4; ++number) {
      const std::string of = std::to_string(number);
      all.insert(all.begin(), {"new" + of, "newer" + of, "newest" + of});
      for (const std::string& openid : poll(turns, all, most)) asked.insert(openid);
    }
    EXPECT_TRUE(asked.contains("first")) << most;
    EXPECT_GT(asked.size(), 1U) << most;
  }
}

TEST(UserTurns, KeepsTheTurnOfAUserThatWasNotPolled) {
  UserTurns turns;
  const auto chosen = turns.next(users({"b", "a", "z"}), 2);
  turns.note_asked(chosen.front());
  EXPECT_THAT(poll(turns, {"b", "a", "z"}, 2), ElementsAre("a", "b"));
  EXPECT_THAT(poll(turns, {}, 2), IsEmpty());
}

}  // namespace
}  // namespace couponhook::server
