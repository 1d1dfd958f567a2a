// Checks that an unusable file of a key, token or password is refused, each with its own reason.
// The tests write such files to a temporary folder.

#include "crypto/file.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/error_messages.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::crypto {
namespace {

class SmallFile : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path with(std::string_view content) const {
    return folder_.write("file", content);
  }

  support::TemporaryFolder folder_;
};

TEST_F(SmallFile, IsReadWithoutWhatSurroundsAPastedToken) {
  EXPECT_EQ(read_secret_line(with(" token\r\n"))->reveal(), "token");
}

TEST_F(SmallFile, KeepsTheBlanksOfAPassword) {
  EXPECT_EQ(read_password(with(" pass word \n"))->reveal(), " pass word ");
}

TEST_F(SmallFile, IsRefusedWhereItIsAFolder) {
  const auto read = read_file(folder_.path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FileError::kIsFolder);
  EXPECT_EQ(read.error().text(), "is a folder; name a file");
}

TEST_F(SmallFile, IsRefusedWithTheSystemsErrorWhereItIsMissing) {
  const auto read = read_file(folder_.path() / "missing");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FileError::kUnreadable);
  EXPECT_EQ(read.error().text(), "No such file or directory; check the path and its permissions");
}

TEST_F(SmallFile, IsRefusedWhereItIsTooLarge) {
  const auto read = read_file(with("12345"), 4);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FileError::kTooLarge);
  EXPECT_EQ(read.error().text(), "is larger than 4 bytes; is it the right file?");
}

TEST_F(SmallFile, IsRefusedWhereItHoldsNoToken) {
  EXPECT_EQ(read_secret_line(with(" \n")).error().code, FileError::kEmpty);
  EXPECT_EQ(read_password(with("\n")).error().code, FileError::kEmpty);
  EXPECT_EQ(read_secret_line(with(std::string("\xFF\xFEt\0", 4))).error().code, FileError::kUtf16);
}

TEST_F(SmallFile, IsRefusedWithTheCharacterThatDoesNotBelongInAToken) {
  const auto read = read_secret_line(with("to ken"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FileError::kOddCharacter);
  EXPECT_EQ(read.error().text(), "has a blank within the key or token, which has none; remove it");
}

TEST(FileError, HasAMessageOfItsOwnForEachReason) {
  support::expect_own_messages(FileError::kOddCharacter);
  EXPECT_EQ(no_access().text().find("Permission denied: user "), 0U);
}

}  // namespace
}  // namespace couponhook::crypto
