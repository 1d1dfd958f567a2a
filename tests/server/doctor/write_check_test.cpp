// Checks that a user account as which the check of the folders cannot run is refused with its
// reason.

#include "server/doctor/write_check.hpp"

#include <gtest/gtest.h>

#include "support/error_messages.hpp"

namespace couponhook::server {
namespace {

TEST(TrialUser, IsRefusedWhereThisMachineHasNoSuchUser) {
  const auto user = user_to_try_as("no such user", Config());
  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().code, TrialUserError::kUnknown);
  EXPECT_EQ(user.error().text(),
            "\"no such user\" is not a user of this machine; name the user that runs the service");
}

TEST(TrialUserError, HasAMessageOfItsOwnForEachReason) {
  support::expect_own_messages(TrialUserError::kNotRoot);
}

}  // namespace
}  // namespace couponhook::server
