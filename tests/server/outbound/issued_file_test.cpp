// Tests of the issued file (list of users who received a coupon): each line names a user, or is
// reported with line and column. An identifier that a spreadsheet changed is never used for a
// query. Each test file has one difference from a correct file.

#include "server/outbound/issued_file.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

const std::chrono::sys_seconds kThen{std::chrono::seconds(1'709'596'721)};

class IssuedFile : public ::testing::Test {
 protected:
  IssuedUsers read(const std::string& content) {
    std::ofstream(file_, std::ios::binary) << content;
    return *read_issued(file_, kThen);
  }

  support::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "issued.csv";
};

TEST_F(IssuedFile, IsReadAsItIsWritten) {
  const UserName user{"oKp3f5Qw8_Ex-Id", "wx0123456789abcdef"};
  ASSERT_TRUE(append_issued(file_, user, kThen));
  ASSERT_TRUE(append_issued(file_, {"oSecond", "wx1"}, kThen));
  const IssuedUsers issued = *read_issued(file_, kThen);
  ASSERT_EQ(issued.users.size(), 2U);
  EXPECT_EQ(issued.users[1].openid, user.openid) << "the latest comes first";
  EXPECT_EQ(issued.users[1].appid, user.appid);
  EXPECT_EQ(issued.malformed, 0U);
}

TEST_F(IssuedFile, LosesTheMarksOfASpreadsheet) {
  for (const char* line :
       {"'2024-03-05 07:58:41,'wx1,'oUser\r\n", "2024/3/5 7:58:41,=\"wx1\",\"=\"\"oUser\"\"\"\n",
        " 2024-03-05T07:58:41+08:00 , wx1 , oUser \n",
        "\"2024-03-05 07:58:41\",\"wx1\",`oUser\n"}) {
    const IssuedUsers issued = read(line);
    ASSERT_EQ(issued.users.size(), 1U) << line << issued.first_problem;
    EXPECT_EQ(issued.users[0].openid, "oUser") << line;
    EXPECT_EQ(issued.users[0].appid, "wx1") << line;
  }
}

TEST_F(IssuedFile, ReportsLineAndColumnOfInvalidEntries) {
  const std::string good = "2024-03-05T07:58:41+08:00,wx1,oUser\n";
  const struct {
    const char* line;
    const char* where;
  } cases[] = {
      {"2024/3/5 7:58,wx1,oUser\n", "line 2, column 1: time"},
      {"2024-03-05T07:58:41+08:00,wx 1,oUser\n", "line 2, column 2: appid"},
      {"2024-03-05T07:58:41+08:00,wx1,4.2E+27\n", "line 2, column 3: openid"},
      {"2024-03-05T07:58:41+08:00,wx1,\n", "line 2, column 3: openid is empty"},
      {"2024-03-05T07:58:41+08:00,wx1\n", "line 2, it is not time,appid,openid"},
      {"2024-03-05T07:58:41+08:00,wx1,oUser,more\n", "line 2, it is not time,appid,openid"},
  };
  for (const auto& [line, where] : cases) {
    const IssuedUsers issued = read(good + line + good + "\n");
    EXPECT_EQ(issued.users.size(), 2U) << line;
    EXPECT_EQ(issued.malformed, 1U) << line;
    EXPECT_EQ(issued.first_problem.find(where), 0U) << issued.first_problem;
    EXPECT_EQ(issued.first_problem.find("oUser"), std::string::npos) << "nobody's data is told";
  }
}

TEST_F(IssuedFile, StoresOnlyWhatItCanReadAgain) {
  for (const UserName& user :
       {UserName{"o,1", "wx1"}, {"o1\n2024", "wx1"}, {"o1", ""}, {"", "wx1"}}) {
    EXPECT_FALSE(append_issued(file_, user, kThen)) << user.openid;
  }
  EXPECT_FALSE(std::filesystem::exists(file_));
}

}  // namespace
}  // namespace couponhook::server
