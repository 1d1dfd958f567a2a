// Tests of the folder for downloaded platform certificates: an unusable folder is reported with its
// problem, and a failed write never leaves only part of the new files. The tests write new
// certificates to folders in different unusable states.

#include "server/outbound/certificate_folder.hpp"

#include <gmock/gmock.h>

#include "crypto/self_signed.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wechatpay::PlatformCertificate;

class CertificateFolder : public ::testing::Test {
 protected:
  static PlatformCertificate make_certificate() {
    crypto::SelfSignedOptions options;
    options.kind = crypto::PairKind::kRsa2048;
    options.common_name = "platform";
    options.valid_from = std::chrono::sys_seconds(std::chrono::seconds(1'763'700'000));
    const auto pair = crypto::make_self_signed(options);
    return {pair.serial, pair.certificate_pem, options.valid_from + std::chrono::days(365)};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "kept")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  support::TemporaryFolder folder_;
};

TEST_F(CertificateFolder, IsCreatedByAWriteTestThatLeavesNoFile) {
  EXPECT_TRUE(try_certificate_folder(folder_.path() / "kept"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(CertificateFolder, ReportsAFileInItsPlace) {
  const auto file = folder_.write("kept", "not a folder");
  const std::vector<PlatformCertificate> current{make_certificate()};
  for (const auto& folder : {file, file / "below"}) {
    const auto tried = try_certificate_folder(folder);
    ASSERT_FALSE(tried);
    EXPECT_THAT(tried.error(), HasSubstr(folder.string()));
    const auto written = write_certificate_folder(folder, current);
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error(), HasSubstr(folder.string()));
    EXPECT_THAT(read_certificate_folder(folder), IsEmpty());
  }
}

TEST_F(CertificateFolder, IsWrittenAndReadAgain) {
  const std::vector<PlatformCertificate> current{make_certificate(), make_certificate()};
  ASSERT_TRUE(write_certificate_folder(folder_.path() / "kept", current));

  EXPECT_EQ(read_certificate_folder(folder_.path() / "kept").size(), 2U);
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(CertificateFolder, ReportsAFileThatCannotBeReplaced) {
  const PlatformCertificate certificate = make_certificate();
  // Make a non-empty folder that has the name of the certificate's file. rename(2) cannot replace
  // such a folder, so writing the certificate fails.
  std::filesystem::create_directories(folder_.path() / "kept" /
                                      ("wechatpay_" + certificate.serial + ".pem") / "x");

  const auto written = write_certificate_folder(folder_.path() / "kept", {{certificate}});

  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr(certificate.serial));
}

}  // namespace
}  // namespace couponhook::server
