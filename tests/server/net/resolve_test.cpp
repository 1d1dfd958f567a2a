// Checks that callers that need the same host name share one DNS look-up, each caller with its own
// deadline. A name server on loopback counts the queries and never answers.

#include "server/net/resolve.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// A DNS server that never answers; the queries stay in its socket. The constructor writes a file
/// resolv.conf that names this server.
class SilentNameServer {
 public:
  SilentNameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, any, size) == 0 && ::getsockname(socket_, any, &size) == 0) {
      options_.name_server_port = ntohs(address.sin_port);
    }
    options_.resolv_conf = ::testing::TempDir() + "resolv.conf." + std::to_string(::getpid());
    std::ofstream(options_.resolv_conf) << "nameserver 127.0.0.1\n";
  }
  ~SilentNameServer() {
    ::close(socket_);
    std::remove(options_.resolv_conf.c_str());
  }
  SilentNameServer(const SilentNameServer&) = delete;
  SilentNameServer& operator=(const SilentNameServer&) = delete;

  [[nodiscard]] const ResolverOptions& options() const { return options_; }
  /// Returns the number of DNS queries since the last call.
  [[nodiscard]] int questions() const {
    std::array<char, 512> question;
    int count = 0;
    while (::recv(socket_, question.data(), question.size(), 0) > 0) ++count;
    return count;
  }

 private:
  int socket_;
  ResolverOptions options_;
};

Task<void> ask(Resolver& resolver, std::string host, milliseconds timeout,
               std::optional<Resolver::Result>& answer) {
  answer.emplace(co_await resolver.resolve(host, "80", SteadyClock::now() + timeout));
}

TEST(Resolver, SharesALookUpAmongCallersWithOwnDeadlines) {
  const SilentNameServer server;
  Resolver resolver(server.options());
  asio::io_context io{1};
  std::optional<Resolver::Result> short_wait;
  std::optional<Resolver::Result> long_wait;
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  // The first caller's deadline is so long that the resolver does not repeat its DNS query during
  // the test.
  asio::co_spawn(io, ask(resolver, "dead.test", std::chrono::hours(1), long_wait), rethrow);
  asio::co_spawn(io, ask(resolver, "dead.test", milliseconds(50), short_wait), rethrow);
  while (!short_wait) io.run_one();
  ASSERT_FALSE(*short_wait);
  EXPECT_THAT(short_wait->error(), HasSubstr("took too long"));
  EXPECT_FALSE(long_wait) << "the other goes on waiting";
  EXPECT_EQ(server.questions(), 2) << "one for IPv4, one for IPv6";
}

TEST(Resolver, TakesAnAddressAsItIs) {
  const SilentNameServer server;
  Resolver resolver(server.options());
  asio::io_context io{1};
  std::optional<Resolver::Result> answer;
  asio::co_spawn(io, ask(resolver, "2001:db8::1", milliseconds(0), answer),
                 [](std::exception_ptr) {});
  io.run();
  ASSERT_TRUE(answer && *answer);
  ASSERT_EQ((*answer)->size(), 1U);
  EXPECT_EQ((*answer)->front(), asio::ip::tcp::endpoint(asio::ip::make_address("2001:db8::1"), 80));
  EXPECT_EQ(server.questions(), 0);
}

}  // namespace
}  // namespace couponhook::server
