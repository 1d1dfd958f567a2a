// Checks that a service that stops because of an exception shuts down in the right order: no code
// posts work to an I/O thread that has ended. In the test, replies wait for handlers, and these
// handlers finish during the shutdown. A sanitizer detects the use of destroyed objects.

#include "server/service/service.hpp"

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "support/temporary_folder.hpp"
#include "support/wechatpay_stand_in.hpp"

namespace couponhook::server {
namespace {

constexpr int kReplies = 16;

/// Gate for handler calls. Until open() is called, the gate blocks all calls. Then it lets the
/// calls return one after the other, a millisecond apart.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    const int number = inside_++;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(number));
    ++passed;
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return inside_ >= count; });
    if (inside_ < count) throw std::logic_error("the handlers are not called");
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }

  std::atomic<int> passed = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

class GatedHandler final : public handlers::Handler {
 public:
  explicit GatedHandler(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  handlers::Outcome handle(const handlers::HandledEvent& /*event*/) override {
    gate_->pass();
    return handlers::Done{};
  }

 private:
  std::shared_ptr<Gate> gate_;
};

class ServiceTornDown final : public std::runtime_error {
 public:
  ServiceTornDown() : std::runtime_error("the service is torn down") {}
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    folder_.write("platform.pem", wechatpay_.certificate_pem());
    folder_.write("api_v3_key", "0123456789abcdef0123456789abcdef\n");
    folder_.write("token", std::string(43, 't') + "\n");
    folder_.write("couponhook.toml", R"(
[listener]
address = "127.0.0.1"
port = 0
tls = false
threads = 2
[admin]
port = 0
token_file = "token"
[log]
level = "error"
[[merchant]]
mchid = "1900000001"
path = "/notify/1900000001"
api_v3_key_files = ["api_v3_key"]
platform_certificates = ["platform.pem"]
[[handler]]
name = "gated"
type = "gated"
events = ["*"]
ack = "handled"
concurrency = 16
)");
  }

  void post(std::uint16_t port, const std::string& id) {
    const support::FakeRequest request = wechatpay_.notify(support::redemption_draft(id));
    const Request view = request.view();
    std::string text = "POST " + std::string(view.target) + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const char* name : {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial",
                             "Wechatpay-Signature", "Content-Type"}) {
      text += std::string(name) + ": " + std::string(view.headers.find(name)) + "\r\n";
    }
    text += "Content-Length: " + std::to_string(view.body.size()) + "\r\n\r\n";
    text += view.body;
    auto& socket = clients_.emplace_back(io_);
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    boost::asio::write(socket, boost::asio::buffer(text));
  }

  support::TemporaryFolder folder_;
  support::WeChatPayStandIn wechatpay_{std::chrono::system_clock::now()};
  boost::asio::io_context io_;
  std::list<boost::asio::ip::tcp::socket> clients_;
};

TEST_F(ServiceTest, EndsInOrderWhereItIsLeftByAnException) {
  const auto gate = std::make_shared<Gate>();
  const handlers::HandlerTypes types{
      {"gated",
       [gate](const handlers::HandlerSettings&)
           -> boost::system::result<std::shared_ptr<handlers::Handler>, std::string> {
         return std::make_shared<GatedHandler>(gate);
       }}};
  const Environment environment = [](std::string_view) { return std::optional<std::string>(); };
  auto config = load_config(folder_.path() / "couponhook.toml", environment);
  ASSERT_TRUE(config) << config.error().front().where << config.error().front().message;
  std::vector<Problem> problems;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  server::Setup setup = prepare_setup(std::move(*config), types, now, problems);
  ASSERT_TRUE(problems.empty()) << problems.front().where << problems.front().message;
  const auto store = storage::Store::open({"sqlite", folder_.path() / "s.db"}, {}, 0);
  ASSERT_TRUE(store) << store.error().message;

  ServiceOptions options{.environment = environment,
                         .clock = std::chrono::system_clock::now,
                         .handler_types = types,
                         .random_seed = 1,
                         .replica = "test:1",
                         .on_ready = nullptr};
  options.on_ready = [&](const ServiceUrls& urls) {
    const std::string& listener = urls.listener;
    const std::string port = listener.substr(listener.rfind(':') + 1);
    for (int i = 0; i < kReplies; ++i) {
      post(static_cast<std::uint16_t>(std::stoi(port)), "torn-" + std::to_string(i));
    }
    gate->wait_for(kReplies);
    gate->open();
    throw ServiceTornDown();
  };
  EXPECT_THROW(static_cast<void>(run_service(std::move(setup), {}, **store, std::move(options))),
               ServiceTornDown);
  EXPECT_EQ(gate->passed, kReplies) << "calls that have begun are waited for";
}

}  // namespace
}  // namespace couponhook::server
