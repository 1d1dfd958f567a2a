// Checks that the command `couponhook replay` reads fixture files (the contents of notifications)
// correctly, and that every mistake in a file is reported with the file's name and the line or key.
// The tests use the files in tests/fixtures, and one small file for each rule.

#include "sandbox/local/fixture.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "crypto/file.hpp"
#include "crypto/random.hpp"

namespace couponhook::server {
namespace {

class FixtureFiles : public testing::Test {
 protected:
  ~FixtureFiles() override { std::filesystem::remove_all(folder_); }

  std::vector<Fixture> load(const std::string& name, const std::string& content) {
    crypto::write_new_file(folder_ / name, content, crypto::FileMode::kPublic);
    return load_fixtures({folder_ / name}, problems_);
  }
  /// Returns the problem that was found in the fixture files (exactly one), without the path of the
  /// temporary folder.
  std::string problem() const {
    if (problems_.size() != 1) return std::to_string(problems_.size()) + " problems";
    return problems_[0].where.substr(folder_.string().size() + 1) + ": " + problems_[0].message;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / crypto::random_uuid(crypto::system_random());
  std::vector<base::Problem> problems_;
};

TEST_F(FixtureFiles, OfTheProjectAreAllRead) {
  const auto fixtures = load_fixtures({COUPONHOOK_FIXTURES}, problems_);
  EXPECT_TRUE(problems_.empty());
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file :
       std::filesystem::directory_iterator(COUPONHOOK_FIXTURES)) {
    ++files;
  }
  EXPECT_EQ(fixtures.size(), files);
}

TEST_F(FixtureFiles, SayWhatToSend) {
  const auto fixtures = load("a.json", R"({"event_type": "X.Y", "original_type": "x", "id": "one",
      "summary": "s", "associated_data": "ad", "create_time": "t", "expect": 500,
      "resource": {"b": [1, 2.5, null], "a": "ä"}})");
  ASSERT_EQ(fixtures.size(), 1U);
  const Draft& draft = fixtures[0].draft;
  EXPECT_EQ(draft.event_type, "X.Y");
  EXPECT_EQ(draft.original_type, "x");
  EXPECT_EQ(draft.id, "one");
  EXPECT_EQ(draft.summary, "s");
  EXPECT_EQ(draft.associated_data, "ad");
  EXPECT_EQ(draft.create_time, "t");
  EXPECT_EQ(draft.resource, R"({"b":[1,2.5,null],"a":"ä"})");
  EXPECT_EQ(fixtures[0].expect, 500U);
}

TEST_F(FixtureFiles, GetTheIdThatSha256OfTheirContentGives) {
  const auto fixtures = load("a.json", R"({"event_type": "X.Y", "resource": { "a": 1 }})");
  ASSERT_EQ(fixtures.size(), 1U);
  // The expected id was made with: printf 'X.Y\n{"a":1}' | sha256sum; then the version and variant
  // bits of a UUID were set.
  EXPECT_EQ(fixtures[0].draft.id, "e49c812c-5dc0-83c5-b923-420b4f2b4501");
}

TEST_F(FixtureFiles, GetTheCataloguesAssociatedData) {
  const auto fixtures =
      load("a.json", R"({"event_type": "PRODUCT_COUPON_SP.SEND", "resource": {}})");
  ASSERT_EQ(fixtures.size(), 1U);
  EXPECT_EQ(fixtures[0].draft.associated_data, "product_coupon_sp");
}

TEST_F(FixtureFiles, GetTheOriginalTypeAsAssociatedDataWhereTheCatalogueHasNone) {
  const auto fixtures =
      load("a.json", R"({"event_type": "X.Y", "original_type": "x", "resource": {}})");
  ASSERT_EQ(fixtures.size(), 1U);
  EXPECT_EQ(fixtures[0].draft.associated_data, "x");
}

TEST_F(FixtureFiles, HoldOneFixtureALineAsNdjson) {
  const auto fixtures = load("a.ndjson",
                             "{\"event_type\":\"A.A\",\"resource\":{}}\r\n\n"
                             "{\"event_type\":\"B.B\",\"resource\":{}}");
  ASSERT_EQ(fixtures.size(), 2U);
  EXPECT_EQ(fixtures[1].draft.event_type, "B.B");
  EXPECT_EQ(fixtures[1].source, (folder_ / "a.ndjson:3").string());
}

TEST_F(FixtureFiles, AreReadByNameFromFoldersWithinFolders) {
  const std::string content = R"({"event_type": "X.Y", "resource": {}})";
  crypto::write_new_file(folder_ / "b/2.json", content, crypto::FileMode::kPublic);
  crypto::write_new_file(folder_ / "b/1.ndjson", content, crypto::FileMode::kPublic);
  crypto::write_new_file(folder_ / "a.json", content, crypto::FileMode::kPublic);
  crypto::write_new_file(folder_ / "readme.txt", "not a fixture", crypto::FileMode::kPublic);
  const auto fixtures = load_fixtures({folder_}, problems_);
  ASSERT_EQ(fixtures.size(), 3U);
  EXPECT_EQ(fixtures[0].source, (folder_ / "a.json").string());
  EXPECT_EQ(fixtures[1].source, (folder_ / "b/1.ndjson:1").string());
  EXPECT_EQ(fixtures[2].source, (folder_ / "b/2.json").string());
}

TEST_F(FixtureFiles, AreRefusedWithTheLineThatIsNoJson) {
  (void)load("a.json", "{\"event_type\": \"X.Y\",\n \"resource\": {\"a\": }}");
  EXPECT_NE(problem().find("a.json: "), std::string::npos);
  EXPECT_NE(problem().find("line 2: "), std::string::npos);
}

TEST_F(FixtureFiles, AreRefusedWithEveryKeyAtFault) {
  (void)load("a.json", R"({"event_type": 7, "resource": [], "expect": 99, "oops": 1})");
  EXPECT_EQ(problems_.size(), 4U);
}

TEST_F(FixtureFiles, AreRefusedWithoutAnEventType) {
  (void)load("a.json", R"({"resource": {}})");
  EXPECT_EQ(problem(), "a.json: event_type: is missing; name one, like COUPON.USE");
}

TEST_F(FixtureFiles, AreRefusedWithoutAResource) {
  (void)load("a.json", R"({"event_type": "X.Y"})");
  EXPECT_EQ(problem(), "a.json: resource: is not an object; put the decrypted resource there");
}

TEST_F(FixtureFiles, AreRefusedWhereThereIsNone) {
  (void)load_fixtures({folder_ / "nothing.json"}, problems_);
  EXPECT_EQ(problem(), "nothing.json: cannot be opened; check the path and its permissions");
}

}  // namespace
}  // namespace couponhook::server
