// Checks what a load balancer gets at the health path, and that all other requests pass by it.

#include "server/receive/health_path.hpp"

#include <string>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

Reply with_status(unsigned status) {
  Reply reply;
  reply.status = status;
  return reply;
}

class NoHeaders final : public HeaderFields {
 public:
  [[nodiscard]] std::string_view find(std::string_view) const override { return {}; }
};

/// Stands for the receiver: replies 204 to everything, and refuses GET.
class Next final : public RequestHandler {
 public:
  [[nodiscard]] std::optional<Reply> refuse(std::string_view method, std::string_view,
                                            std::string_view) const override {
    if (method != "GET") return std::nullopt;
    return with_status(404);
  }
  [[nodiscard]] Task<Reply> handle(const Request&) override { co_return with_status(204); }
  [[nodiscard]] Reply fault(HttpFault, std::string_view, std::string_view) override {
    return with_status(400);
  }
};

class HealthPathTest : public ::testing::Test {
 protected:
  HealthPathTest() {
    ask_ = [this](const std::function<void(bool)>& done) {
      ++asked_;
      if (answers_) done(is_ready_);
    };
  }

  unsigned ask(HealthPath& health, std::string_view target, std::string_view method = "GET") {
    if (const auto refused = health.refuse(method, target, "192.0.2.1")) return refused->status;
    const NoHeaders headers;
    const Request request{method, target, headers, {}, "192.0.2.1"};
    unsigned status = 0;
    asio::io_context io;
    Task<Reply> task = health.handle(request);
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr failure, const Reply& reply) {
      if (failure) std::rethrow_exception(failure);
      status = reply.status;
    });
    io.run();
    return status;
  }

  HealthPath make(const std::string& path) {
    return HealthPath(path, next_, ask_, [this] { return now_; });
  }

  Next next_;
  HealthPath::Ask ask_;
  SteadyClock::time_point now_{};
  bool is_ready_ = true;
  bool answers_ = true;
  int asked_ = 0;
};

TEST_F(HealthPathTest, RepliesWhetherTheReplicaIsReady) {
  HealthPath health = make("/healthz");
  EXPECT_EQ(ask(health, "/healthz"), 200U);
  EXPECT_EQ(ask(health, "/healthz?from=balancer", "HEAD"), 200U);
  is_ready_ = false;
  now_ += milliseconds(500);
  EXPECT_EQ(ask(health, "/healthz"), 503U);
}

TEST_F(HealthPathTest, UsesAnAnswerForHalfASecond) {
  HealthPath health = make("/healthz");
  ask(health, "/healthz");
  is_ready_ = false;
  now_ += milliseconds(499);
  EXPECT_EQ(ask(health, "/healthz"), 200U);
  EXPECT_EQ(asked_, 1);
  now_ += milliseconds(1);
  EXPECT_EQ(ask(health, "/healthz"), 503U);
  EXPECT_EQ(asked_, 2);
}

TEST_F(HealthPathTest, RepliesNotReadyWithoutAnAnswer) {
  answers_ = false;
  HealthPath health = make("/healthz");
  EXPECT_EQ(ask(health, "/healthz"), 503U);
}

TEST_F(HealthPathTest, RefusesOtherMethods) {
  HealthPath health = make("/healthz");
  const auto refused = health.refuse("POST", "/healthz", "192.0.2.1");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 405U);
  EXPECT_EQ(refused->allow, "GET, HEAD");
  EXPECT_EQ(asked_, 0);
}

TEST_F(HealthPathTest, PassesOtherPathsOn) {
  HealthPath health = make("/healthz");
  EXPECT_EQ(ask(health, "/healthz/x"), 404U);
  EXPECT_EQ(ask(health, "/notify", "POST"), 204U);
  EXPECT_EQ(health.fault(HttpFault::kMalformed, "192.0.2.1", {}).status, 400U);
}

TEST_F(HealthPathTest, IsOffWithoutAPath) {
  HealthPath health = make("");
  EXPECT_EQ(ask(health, ""), 404U);
  EXPECT_EQ(ask(health, "/healthz"), 404U);
}

}  // namespace
}  // namespace couponhook::server
