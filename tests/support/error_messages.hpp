#pragma once

/// \file
/// A check of the messages of an error enum.

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace couponhook::support {

/// Expects that describe() returns a message for each value of an error enum, from 1 to `last`, and
/// that no two values have the same message.
template <typename Error>
void expect_own_messages(Error last) {
  std::set<std::string_view> messages;
  for (int value = 1; value <= static_cast<int>(last); ++value) {
    const std::string_view message = describe(static_cast<Error>(value));
    EXPECT_NE(message, "unknown error") << value;
    EXPECT_TRUE(messages.insert(message).second)
        << value << " has the message of another: " << message;
  }
}

}  // namespace couponhook::support
