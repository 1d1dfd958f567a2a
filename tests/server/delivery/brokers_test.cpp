// Checks that no call to a message broker's library takes longer than its deadline. Stand-in
// brokers accept a connection and then never read or never answer. Some messages are larger than
// all buffers on the way.

#include "server/delivery/brokers/brokers.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr milliseconds kTimeout{300};
/// Time limit for a broker call that must respect the timeout kTimeout. A call that hangs takes
/// longer; any other call ends much sooner.
constexpr std::chrono::seconds kMuchLater{20};
/// Size of a large message, in bytes: more than the kernel buffers for a peer that does not read.
constexpr std::size_t kLargeBytes = 64U << 20;

/// A stand-in for a message broker: a server on loopback that accepts one connection, sends
/// `greeting`, and never reads.
class NeverReads {
 public:
  explicit NeverReads(std::string greeting = "") : greeting_(std::move(greeting)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const bool listens = ::bind(listener_, any, size) == 0 && ::listen(listener_, 8) == 0 &&
                         ::getsockname(listener_, any, &size) == 0;
    port_ = listens ? ntohs(address.sin_port) : 0;
    thread_ = std::thread([this] {
      peer_ = ::accept(listener_, nullptr, nullptr);
      if (peer_ >= 0) ::send(peer_, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
    });
  }
  ~NeverReads() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    if (peer_ >= 0) ::close(peer_);
  }
  [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  std::string greeting_;
  int listener_ = -1;
  int peer_ = -1;
  int port_ = 0;
  std::thread thread_;
};

void append_number(std::string& bytes, std::uint64_t number, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift & 0xFF));
  }
}

/// Returns an AMQP 0-9-1 method frame (the bytes of a command) for a channel, with class, method
/// number and arguments.
std::string method(int channel, int of_class, int number, const std::string& arguments) {
  std::string frame("\x01");
  append_number(frame, static_cast<std::uint64_t>(channel), 2);
  append_number(frame, 4 + arguments.size(), 4);
  append_number(frame, static_cast<std::uint64_t>(of_class), 2);
  append_number(frame, static_cast<std::uint64_t>(number), 2);
  return frame + arguments + "\xCE";
}

/// Returns all frames that an AMQP server sends until a channel is in confirm mode, and then the
/// command connection.blocked, which stops publishers.
std::string amqp_greeting() {
  std::string start("\x00\x09", 2);
  append_number(start, 0, 4);
  append_number(start, 5, 4);
  start += "PLAIN";
  append_number(start, 5, 4);
  start += "en_US";
  std::string tune;
  append_number(tune, 10, 2);
  append_number(tune, 131072, 4);
  append_number(tune, 0, 2);
  return method(0, 10, 10, start) + method(0, 10, 30, tune) +
         method(0, 10, 41, std::string("\0", 1)) + method(1, 20, 11, std::string("\0\0\0\0", 4)) +
         method(1, 85, 11, "");
}

std::string blocked_by(const std::string& reason) {
  return method(0, 10, 60, std::string(1, static_cast<char>(reason.size())) + reason);
}

std::unique_ptr<Broker> amqp_at(const std::string& url) {
  AmqpHandlerConfig config;
  config.url = url;
  config.routing_key = "coupons";
  auto made = make_amqp(config, {});
  EXPECT_TRUE(made) << made.error();
  return made ? std::move(*made) : nullptr;
}

std::unique_ptr<Broker> redis_at(const std::string& place) {
  RedisHandlerConfig config;
  config.url = "redis://" + place + "/3";
  config.stream = "coupons";
  auto made = make_redis(config, {});
  EXPECT_TRUE(made) << made.error();
  return made ? std::move(*made) : nullptr;
}

/// Publishes a message of `bytes` bytes through a message broker.
/// \return the reason why the message could not be published.
std::string publish_error(Broker& broker, std::size_t bytes) {
  const auto began = steady_clock::now();
  std::string error = "it was done";
  auto connection = broker.connect(began + kTimeout);
  if (!connection) {
    error = connection.error();
  } else {
    const std::string body(bytes, 'x');
    const auto outcome = (*connection)->publish({"id", "key", "type", body}, began + kTimeout);
    if (const auto* retry = std::get_if<handlers::Retry>(&outcome)) error = retry->reason;
    connection = std::unique_ptr<BrokerConnection>();
  }
  EXPECT_LT(steady_clock::now() - began, kMuchLater);
  return error;
}

class Amqp : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kHasAmqp) GTEST_SKIP() << "this build is without librabbitmq";
  }
};

TEST_F(Amqp, GivesUpAPublishToABrokerThatDoesNotRead) {
  const NeverReads server(amqp_greeting());
  const auto broker = amqp_at("amqp://guest@" + server.place());
  EXPECT_THAT(publish_error(*broker, kLargeBytes),
              HasSubstr("the broker did not accept the message within timeout_ms"));
}

TEST_F(Amqp, GivesUpWaitingForAConfirmation) {
  const NeverReads server(amqp_greeting());
  const auto broker = amqp_at("amqp://guest@" + server.place());
  EXPECT_THAT(publish_error(*broker, 10), HasSubstr("no confirmation came within timeout_ms"));
}

TEST_F(Amqp, ReportsThatTheBrokerBlocksPublishers) {
  const NeverReads server(amqp_greeting() + blocked_by("low on memory"));
  const auto broker = amqp_at("amqp://guest@" + server.place());
  EXPECT_THAT(publish_error(*broker, 10), HasSubstr("blocks publishers: low on memory"));
}

TEST_F(Amqp, GivesUpALogInThatIsNotAnswered) {
  const NeverReads server;
  const auto broker = amqp_at("amqp://guest@" + server.place());
  EXPECT_THAT(publish_error(*broker, 10), HasSubstr("amqp at 127.0.0.1 port"));
}

TEST_F(Amqp, GivesUpATlsHandshakeThatIsNotAnswered) {
  const NeverReads server;
  const auto broker = amqp_at("amqps://guest@" + server.place());
  EXPECT_THAT(publish_error(*broker, 10), HasSubstr("amqp at 127.0.0.1 port"));
}

class Redis : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kHasRedis) GTEST_SKIP() << "this build is without hiredis";
    std::signal(SIGPIPE, SIG_IGN);  // The service ignores the signal SIGPIPE too.
  }
};

TEST_F(Redis, GivesUpAConnectionThatIsNotAnswered) {
  const NeverReads server;
  EXPECT_THAT(publish_error(*redis_at(server.place()), 10), HasSubstr("within timeout_ms"));
}

TEST_F(Redis, GivesUpAPublishToAServerThatDoesNotRead) {
  const NeverReads server("+OK\r\n");  // this is the reply of Redis to the command SELECT
  EXPECT_THAT(publish_error(*redis_at(server.place()), kLargeBytes),
              HasSubstr("redis: it did not answer within timeout_ms"));
}

}  // namespace
}  // namespace couponhook::server
