// Checks that moving a Secret (a key or password) leaves no copy of its bytes in the old object. A
// test must not read freed memory, so wipe(), which overwrites the bytes, has its own test.

#include "crypto/secret.hpp"

#include <array>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::crypto {
namespace {

const std::string kLong(100, 'k');

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

TEST(Wipe, OverwritesEveryByte) {
  std::array<char, 5> bytes{'t', 'o', 'k', 'e', 'n'};
  wipe(bytes);
  EXPECT_THAT(bytes, testing::Each('\0'));
}

TEST(Secret, RevealsWhatItWasGiven) {
  const Secret secret{std::string{kLong}};
  EXPECT_EQ(secret.reveal(), kLong);
}

TEST(Secret, EmptiesTheStringItTakes) {
  for (std::string bytes : {std::string{"short"}, kLong}) {
    const Secret secret{std::move(bytes)};
    EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move): the test needs the moved object
  }
}

TEST(Secret, EmptiesTheSecretItIsMovedFrom) {
  for (std::string bytes : {std::string{"short"}, kLong}) {
    Secret first{std::move(bytes)};
    const Secret second{std::move(first)};
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the test needs the moved object
  }
}

TEST(Secret, TakesTheOtherOverWhenAssigned) {
  Secret first{std::string{"first"}};
  Secret second{std::string{"second"}};
  first = std::move(second);
  EXPECT_EQ(first.reveal(), "second");
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move): the test needs the moved object
}

TEST(Secret, SurvivesAssignmentToItself) {
  Secret secret{std::string{"token"}};
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.reveal(), "token");
}

TEST(Secret, EqualsTheSameBytesOnly) {
  const Secret secret{std::string{"token"}};
  EXPECT_TRUE(secret.equals("token"));
  for (const std::string_view other : {"", "toke", "tokem", "Token", "tokens"}) {
    EXPECT_FALSE(secret.equals(other)) << other;
  }
}

TEST(Secret, EqualsNothingWhenEmptyButTheEmptyText) {
  const Secret secret;
  EXPECT_TRUE(secret.equals(""));
  EXPECT_FALSE(secret.equals("x"));
}

}  // namespace
}  // namespace couponhook::crypto
