// Checks that requests to an unknown URL path appear in the log, but cannot fill it. The tests send
// requests at chosen times and read the log lines on standard output.

#include "server/log/refusal_log.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::seconds;

class Refusals : public ::testing::Test {
 protected:
  void refuse(const std::string& path, Verdict verdict = Verdict::kNotFound) {
    refusals_.note({verdict, "POST", path, "192.0.2.1"}, now_);
  }
  /// Returns the number of log lines with the text `text` since the last call.
  std::ptrdiff_t lines_with(std::string_view text) {
    log_.flush();
    const std::string written = ::testing::internal::GetCapturedStdout();
    ::testing::internal::CaptureStdout();
    std::ptrdiff_t lines = 0;
    for (std::size_t at = 0; (at = written.find(text, at)) != std::string::npos; ++lines) {
      at = written.find('\n', at);
    }
    return lines;
  }

  void SetUp() override { ::testing::internal::CaptureStdout(); }
  void TearDown() override { ::testing::internal::GetCapturedStdout(); }

  SteadyClock::time_point now_ = SteadyClock::now();
  Log log_{LogConfig{"json", "info"}};
  RefusalLog refusals_{log_};
};

TEST_F(Refusals, AreLoggedOnceAMinuteForEachPathAndVerdict) {
  for (int i = 0; i < 5; ++i) refuse("/a");
  refuse("/b");
  refuse("/a", Verdict::kMethodNotAllowed);
  EXPECT_EQ(lines_with("refused"), 3);

  now_ += seconds(59);
  refuse("/a");
  EXPECT_EQ(lines_with("refused"), 0);

  now_ += seconds(1);
  refuse("/a");
  EXPECT_EQ(lines_with("\"more\":5"), 1) << "four and one were not told";
}

TEST_F(Refusals, OfFurtherPathsAreLoggedTogether) {
  for (int i = 0; i < 1000; ++i) refuse("/scan/" + std::to_string(i));
  EXPECT_EQ(lines_with("refused"), std::ptrdiff_t{RefusalLog::kPathsMax} + 1);

  now_ += seconds(60);
  refuse("/new");
  EXPECT_EQ(lines_with("/new"), 1) << "those that fell silent are forgotten";
}

TEST_F(Refusals, BoundWhatASenderWrites) {
  refuse("/" + std::string(5000, 'x') + "\"\n\x01");
  EXPECT_EQ(lines_with(std::string(120, 'x')), 1);
  refuse("/quote\"and\ncontrol");
  EXPECT_EQ(lines_with(R"(/quote\"and?control)"), 1);
}

TEST_F(Refusals, LogEvictionsOnceAMinuteWithTheirNumber) {
  refusals_.note_evictions(2, now_);
  refusals_.note_evictions(3, now_);
  EXPECT_EQ(lines_with("connections_evicted"), 1);

  now_ += seconds(60);
  refusals_.note_evictions(1, now_);
  EXPECT_EQ(lines_with(": 4 connections that"), 1);
}

}  // namespace
}  // namespace couponhook::server
