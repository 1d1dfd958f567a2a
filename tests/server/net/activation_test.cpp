// Tests of socket activation: each socket that systemd passes is used for the purpose that its name
// says ("listener" or "admin"), or refused with a message. The tests pass real sockets at chosen
// descriptor numbers.

#include "server/net/activation.hpp"

#include <map>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace couponhook::server {
namespace {

using ::testing::HasSubstr;

constexpr int kFirst = 200;
constexpr pid_t kSelf = 4711;

class Activation : public ::testing::Test {
 protected:
  ~Activation() override {
    for (int descriptor = kFirst; descriptor < next_; ++descriptor) ::close(descriptor);
  }

  /// Adds one socket to the sockets that the simulated systemd passes to the process.
  void pass(int domain, int type, bool listening) {
    const int made = ::socket(domain, type, 0);
    if (listening) ::listen(made, 1);
    ::dup2(made, next_++);
    ::close(made);
  }

  auto read(const std::string& names, const std::string& pid = std::to_string(kSelf)) {
    const std::map<std::string, std::string, std::less<>> variables{
        {"LISTEN_PID", pid},
        {"LISTEN_FDS", std::to_string(next_ - kFirst)},
        {"LISTEN_FDNAMES", names}};
    const auto environment = [&](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    return passed_sockets(environment, kSelf, kFirst);
  }

 private:
  int next_ = kFirst;
};

TEST_F(Activation, PassesNothingWithoutTheVariables) {
  const auto sockets = passed_sockets([](std::string_view) { return std::nullopt; }, kSelf);

  ASSERT_TRUE(sockets);
  EXPECT_FALSE(sockets->listener || sockets->admin);
}

TEST_F(Activation, TakesSocketsByNameInAnyOrder) {
  pass(AF_INET, SOCK_STREAM, true);
  pass(AF_INET6, SOCK_STREAM, true);

  const auto sockets = read("admin:listener");

  ASSERT_TRUE(sockets);
  EXPECT_EQ(sockets->admin, kFirst);
  EXPECT_EQ(sockets->listener, kFirst + 1);
}

TEST_F(Activation, KeepsSocketsFromChildren) {
  pass(AF_INET, SOCK_STREAM, true);

  ASSERT_TRUE(read("listener"));

  EXPECT_EQ(::fcntl(kFirst, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(Activation, LeavesAloneWhatWasPassedToAnotherProcess) {
  pass(AF_INET, SOCK_STREAM, true);

  const auto sockets = read("listener", "4712");

  ASSERT_TRUE(sockets);
  EXPECT_FALSE(sockets->listener);
}

TEST_F(Activation, RefusesAnUnknownName) {
  pass(AF_INET, SOCK_STREAM, true);

  EXPECT_THAT(read("couponhook.socket").error(), HasSubstr("couponhook.socket"));
  EXPECT_THAT(read("").error(), HasSubstr("FileDescriptorName="));
}

TEST_F(Activation, RefusesASecondSocketOfOneName) {
  pass(AF_INET, SOCK_STREAM, true);
  pass(AF_INET6, SOCK_STREAM, true);

  EXPECT_THAT(read("listener:listener").error(), HasSubstr("BindIPv6Only"));
}

TEST_F(Activation, RefusesASocketThatDoesNotListen) {
  pass(AF_INET, SOCK_STREAM, false);

  EXPECT_THAT(read("listener").error(), HasSubstr("not a listening TCP socket"));
}

TEST_F(Activation, RefusesWhatIsNoTcpSocket) {
  pass(AF_UNIX, SOCK_STREAM, false);

  EXPECT_THAT(read("listener").error(), HasSubstr("not a listening TCP socket"));
}

}  // namespace
}  // namespace couponhook::server
