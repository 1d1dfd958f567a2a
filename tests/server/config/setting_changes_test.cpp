// Tests that the log line of a reload names exactly the keys that a change of the configuration
// file has changed, and tells apart those that need a restart.

#include "server/config/setting_changes.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/config.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SettingChanges : public ::testing::Test {
 protected:
  Setting settings(const std::string& text) {
    const auto file = folder_.path() / "couponhook.toml";
    std::ofstream(file) << text;
    const Environment none = [](std::string_view) { return std::optional<std::string>(); };
    std::vector<Problem> problems;
    const auto config = read_config(file, none, problems);
    EXPECT_TRUE(config);
    return *config->settings;
  }
  std::vector<std::string> changes(const std::string& before, const std::string& after) {
    return changed_keys(settings(before), settings(after));
  }

  support::TemporaryFolder folder_;
};

TEST_F(SettingChanges, NameEachChangedKey) {
  EXPECT_THAT(changes("[log]\nlevel = \"info\"\n[listener]\nport = 1\n",
                      "[log]\nlevel = \"debug\"\n[listener]\nport = 2\n"),
              ElementsAre("listener.port", "log.level"));
}

TEST_F(SettingChanges, AreNoneIfADefaultIsWrittenOut) {
  EXPECT_THAT(changes("", "[log]\nlevel = \"info\"\n"), IsEmpty());
}

TEST_F(SettingChanges, NameTablesThatWereAddedOrRemoved) {
  const std::string one = "[[merchant]]\nmchid = \"1900000001\"\npath = \"/a\"\n";
  const std::string two = one + "[[merchant]]\nmchid = \"1900000002\"\npath = \"/b\"\n";
  EXPECT_THAT(changes(one, two), ElementsAre("merchant[2]"));
  EXPECT_THAT(changes(two, one), ElementsAre("merchant[2]"));
  EXPECT_THAT(changes(one, "[[merchant]]\nmchid = \"1900000001\"\npath = \"/c\"\n"),
              ElementsAre("merchant[1].path"));
}

TEST_F(SettingChanges, TellApartWhatNeedsARestart) {
  for (const char* key :
       {"log.level", "admin.token_file", "admin.token[2]", "merchant[1].path",
        "listener.tls_certificate", "handler[1].secret_file", "alert[1].pause_s"}) {
    EXPECT_TRUE(is_reloaded(key)) << key;
  }
  for (const char* key : {"listener.port", "store.url", "handler[1].url", "handler[2]"}) {
    EXPECT_FALSE(is_reloaded(key)) << key;
  }
}

}  // namespace
}  // namespace couponhook::server
