// Checks that the details of an error get into its message, each in its place and unchanged. The
// tests use an error enum of their own.

#include "base/detailed_error.hpp"

#include <gtest/gtest.h>

#include "support/error_messages.hpp"

namespace couponhook::base {
namespace {

enum class DoorError : std::uint8_t { kLocked = 1, kTooLow = 2 };

std::string_view describe(DoorError error) {
  switch (error) {
    case DoorError::kLocked:
      return "the door is locked";
    case DoorError::kTooLow:
      return "{} is {} cm tall; duck";
  }
  return "unknown error";
}

using DoorFailure = DetailedError<DoorError>;

TEST(DetailedError, PutsEachDetailInItsPlace) {
  EXPECT_EQ(DoorFailure(DoorError::kTooLow, "the guest", std::to_string(210)).text(),
            "the guest is 210 cm tall; duck");
}

TEST(DetailedError, TakesACodeAlone) {
  const DoorFailure failure = DoorError::kLocked;
  EXPECT_EQ(failure.code, DoorError::kLocked);
  EXPECT_EQ(failure.text(), "the door is locked");
}

TEST(DetailedError, LeavesADetailAsItIs) {
  EXPECT_EQ(DoorFailure(DoorError::kTooLow, "{}", "{}").text(), "{} is {} cm tall; duck");
}

TEST(DetailedError, DropsADetailThatHasNoPlace) {
  EXPECT_EQ(DoorFailure(DoorError::kLocked, "again").text(), "the door is locked");
}

TEST(DetailedError, FindsTheMessagesOfAnEnum) {
  support::expect_own_messages(DoorError::kTooLow);
}

}  // namespace
}  // namespace couponhook::base
