// Checks that a file that is no flow file (WeChat Pay's settlement file) is refused with its
// reason. tests/wechatpay/flow_file_test.cpp tests the content of flow files.

#include "server/outbound/platform_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_messages.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

const FlowName kFlow{wechatpay::FlowKind::kUse, "9865888"};

TEST(FlowFile, IsRefusedWithTheSystemsErrorWhereItCannotBeRead) {
  const support::TemporaryFolder folder;
  const auto read = read_flow_file(kFlow, folder.path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FlowFileError::kUnreadable);
  EXPECT_EQ(read.error().text(), "cannot be read: Is a directory");
}

TEST(FlowFile, IsRefusedWithItsProblemsWhereItHasNoHeaderLine) {
  const auto read = read_flow(kFlow, "");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, FlowFileError::kNotFlowFile);
  EXPECT_EQ(read.error().text(),
            "is not a usable flow file; the file is empty: there is no header line");
}

TEST(FlowFileError, HasAMessageOfItsOwnForEachReason) {
  support::expect_own_messages(FlowFileError::kNotFlowFile);
}

}  // namespace
}  // namespace couponhook::server
