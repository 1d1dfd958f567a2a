// Checks that a failed request tells the step at which it failed. The tests call a port at which
// nobody listens, and servers on loopback that close the connection or send no HTTP.

#include "server/net/http_client.hpp"

#include <array>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/error_messages.hpp"

namespace couponhook::server {
namespace {

using ::testing::StartsWith;

/// A server that reads the beginning of one request, sends a text and closes the connection.
class OneReply {
 public:
  explicit OneReply(std::string reply)
      : reply_(std::move(reply)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const bool listens = ::bind(listener_, any, size) == 0 && ::listen(listener_, 1) == 0 &&
                         ::getsockname(listener_, any, &size) == 0;
    port_ = listens ? ntohs(address.sin_port) : 0;
    thread_ = std::thread([this] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      std::array<char, 4096> request;
      static_cast<void>(::recv(peer, request.data(), request.size(), 0));
      ::send(peer, reply_.data(), reply_.size(), MSG_NOSIGNAL);
      ::close(peer);
    });
  }
  ~OneReply() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  OneReply(const OneReply&) = delete;
  OneReply& operator=(const OneReply&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  std::string reply_;
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

ClientFailure failure_at(int port, AddressGuard guard = {true, true}) {
  const base::Url url{false, "127.0.0.1", std::to_string(port), "/"};
  HttpClient::Options options;
  options.guard = guard;
  ClientLoop loop;
  HttpClient client(loop.io(), loop.deadlines(), loop.resolver(), url, nullptr, options);
  const auto sent = loop.send(client, ClientRequest("GET", "/"));
  EXPECT_FALSE(sent);
  return sent.error();
}

TEST(HttpClient, TellsThatNobodyListens) {
  const ClientFailure failure = failure_at(1);
  EXPECT_EQ(failure.code, ClientError::kNotConnected);
  EXPECT_EQ(failure.text(), "cannot connect to 127.0.0.1 port 1: Connection refused");
}

TEST(HttpClient, TellsThatItMustNotConnect) {
  const ClientFailure failure = failure_at(1, {false, false});
  EXPECT_EQ(failure.code, ClientError::kAddressNotAllowed);
  EXPECT_EQ(failure.text(),
            "must not connect to 127.0.0.1 port 1: its address is one that is not allowed "
            "(allow_private_addresses, allow_metadata_addresses)");
}

TEST(HttpClient, TellsThatNoReplyCame) {
  const OneReply server("");
  const ClientFailure failure = failure_at(server.port());
  EXPECT_EQ(failure.code, ClientError::kNoReply);
  EXPECT_THAT(failure.text(), StartsWith("no reply: it was closed by the server ("));
}

TEST(HttpClient, TellsThatTheReplyBrokeOff) {
  const OneReply server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  const ClientFailure failure = failure_at(server.port());
  EXPECT_EQ(failure.code, ClientError::kReplyCut);
  EXPECT_THAT(failure.text(), StartsWith("the reply broke off: it was closed by the server ("));
}

TEST(HttpClient, TellsThatTheReplyIsNoHttp) {
  const OneReply server("220 mail.example.com ESMTP\r\n");
  const ClientFailure failure = failure_at(server.port());
  EXPECT_EQ(failure.code, ClientError::kBadReply);
  EXPECT_THAT(failure.text(), StartsWith("the reply is unreadable: it begins with \"220 mail"));
}

TEST(ClientError, HasAMessageOfItsOwnForEachStep) {
  support::expect_own_messages(ClientError::kBadReply);
}

}  // namespace
}  // namespace couponhook::server
