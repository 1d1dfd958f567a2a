// Tests of hot reload. A reload unit (such as one merchant's keys) is loaded again when its files
// change, when its content is too old, and every few seconds while loading fails. A failure is
// reported once. The tests use files in a folder, a loader that counts its calls, and their own
// time.

#include "server/config/reload_units.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class UnitWatchTest : public ::testing::Test {
 protected:
  UnitWatch watch(std::function<bool()> is_stale = {}) {
    const auto load = [this] {
      ++loads_;
      return problems_;
    };
    ReloadUnit unit{"admin", files_, load, std::move(is_stale)};
    return {std::move(unit), read_file_marks(files_)};
  }
  void refuse(std::string why) { problems_ = {{"couponhook.toml: admin", std::move(why)}}; }

  support::TemporaryFolder folder_;
  std::vector<std::filesystem::path> files_{folder_.write("one.pem", "1"),
                                            folder_.path() / "certificates",
                                            folder_.path() / "glob" / "*.key"};
  std::vector<Problem> problems_;
  int loads_ = 0;
  UnitWatch::TimePoint now_{};
};

TEST_F(UnitWatchTest, IsNotDueWhileNothingChanges) {
  UnitWatch unit = watch();

  EXPECT_FALSE(unit.is_due(now_));
  EXPECT_FALSE(unit.is_due(now_ + std::chrono::hours(100)));
}

TEST_F(UnitWatchTest, IsDueOnceForEachChangeOfAFile) {
  UnitWatch unit = watch();
  const auto& one = files_.front();
  const std::vector<std::function<void()>> changes = {
      [&] { folder_.write("one.pem", "22"); },
      [&] { ::chmod(one.c_str(), 0600); },
      [&] { std::filesystem::rename(folder_.write("other", "22"), one); },
      [&] { std::filesystem::remove(one); },
      [&] { folder_.write("one.pem", "22"); },
      [&] { folder_.write("certificates/a.pem", "a"); },
      [&] { folder_.write("glob/b.key", "b"); },
      [&] { std::filesystem::remove_all(folder_.path() / "certificates"); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes[i]();
    EXPECT_TRUE(unit.is_due(now_)) << "change " << i;
    static_cast<void>(unit.load(now_, false));
    EXPECT_FALSE(unit.is_due(now_)) << "after change " << i;
  }
}

TEST_F(UnitWatchTest, IsDueOfAFileThatChangedBeforeItWasWatched) {
  const FileMarks before = read_file_marks(files_);
  folder_.write("one.pem", "22");
  UnitWatch unit({"admin", files_, [] { return std::vector<Problem>(); }}, before);

  EXPECT_TRUE(unit.is_due(now_));
}

TEST_F(UnitWatchTest, IsTriedAgainEveryFewSecondsWhileItIsRefused) {
  UnitWatch unit = watch();
  refuse("has expired");
  static_cast<void>(unit.load(now_, false));

  EXPECT_FALSE(unit.is_due(now_ + UnitWatch::kRetry - seconds(1)));
  EXPECT_TRUE(unit.is_due(now_ + UnitWatch::kRetry));
  problems_.clear();
  EXPECT_EQ(unit.load(now_ + UnitWatch::kRetry, false).error, "");
  EXPECT_FALSE(unit.is_due(now_ + 10 * UnitWatch::kRetry));
}

TEST_F(UnitWatchTest, ReportsACauseOnceUntilItChangesOrIsRequested) {
  UnitWatch unit = watch();
  refuse("has expired");
  const auto first = unit.load(now_, false);
  EXPECT_TRUE(first.must_log);
  EXPECT_THAT(first.error, HasSubstr("has expired"));
  EXPECT_FALSE(unit.load(now_ + seconds(5), false).must_log);
  EXPECT_TRUE(unit.load(now_ + seconds(10), true).must_log);
  refuse("holds no certificate");
  EXPECT_TRUE(unit.load(now_ + seconds(15), false).must_log);
  EXPECT_TRUE(unit.load(now_ + seconds(15) + UnitWatch::kRepeat, false).must_log);
}

TEST_F(UnitWatchTest, DoesNotRepeatProblemsOfTheStart) {
  UnitWatch unit = watch();
  refuse("has expired");
  unit.refuse(join_problems(problems_), now_);

  EXPECT_FALSE(unit.is_due(now_ + seconds(1)));
  EXPECT_TRUE(unit.is_due(now_ + UnitWatch::kRetry));
  EXPECT_FALSE(unit.load(now_ + UnitWatch::kRetry, false).must_log);
}

TEST_F(UnitWatchTest, IsDueWhileItIsStaleAndNotFasterThanThatOnceItIsRefused) {
  UnitWatch unit = watch([] { return true; });
  EXPECT_TRUE(unit.is_due(now_));
  refuse("has expired");
  static_cast<void>(unit.load(now_, false));

  EXPECT_FALSE(unit.is_due(now_ + seconds(2)));
  EXPECT_TRUE(unit.is_due(now_ + UnitWatch::kRetry));
}

TEST_F(UnitWatchTest, TakesAnExceptionForARefusal) {
  UnitWatch unit({"admin", {}, []() -> std::vector<Problem> { throw std::runtime_error("bug"); }},
                 {});

  EXPECT_EQ(unit.load(now_, false).error, "bug");
}

TEST(ReloadCounters, CountByUnitAndForgetTheReasonOfWhatIsLoadedSince) {
  ReloadCounters counters;
  counters.add("admin");
  counters.refused("admin", "has expired");
  EXPECT_EQ(counters.list().at("admin").last_error, "has expired");
  counters.loaded("admin");
  counters.loaded("admin");

  const UnitState state = counters.list().at("admin");
  EXPECT_EQ(state.ok, 2U);
  EXPECT_EQ(state.refused, 1U);
  EXPECT_EQ(state.last_error, "");
}

TEST(UnitFiles, NameWhatEachUnitDependsOn) {
  Config config;
  config.merchants.emplace_back().mchid = "1";
  config.merchants.back().api.emplace().ca_file = "ca.pem";
  config.handlers.resize(4);
  config.handlers[0] = {"sql", "ledger", {}, {}, LedgerHandlerConfig{}};
  config.handlers[1].name = "crm";
  config.handlers[1].own = HttpHandlerConfig{};
  std::get<HttpHandlerConfig>(config.handlers[1].own).ca_file = "crm.pem";
  config.handlers[2].name = "script";
  config.handlers[2].own = ExecHandlerConfig{{"/opt/on-coupon", "x"}, 1};
  config.handlers[3].name = "stream";
  config.handlers[3].own = RedisHandlerConfig{};
  std::get<RedisHandlerConfig>(config.handlers[3].own).password_file = "password";

  const UnitFiles units = unit_files(config);
  std::vector<std::string> names;
  for (const auto& [name, files] : units) names.push_back(name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("config", "listener", "admin", "admin_token",
                                                     "merchant:1", "merchant_api:1", "handler:crm",
                                                     "handler:script", "handler:stream"));
  EXPECT_THAT(units.at("merchant_api:1"), ::testing::Contains("ca.pem"));
  EXPECT_THAT(units.at("handler:crm"), ::testing::Contains("crm.pem"));
  EXPECT_THAT(units.at("handler:script"), ::testing::ElementsAre("/opt/on-coupon"));
  EXPECT_THAT(units.at("handler:stream"), ::testing::ElementsAre("password"));
}

}  // namespace
}  // namespace couponhook::server
