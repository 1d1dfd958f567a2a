#include <algorithm>
#include <csignal>
#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <set>

#include <rapidjson/document.h>
#include <boost/asio/signal_set.hpp>

#include "base/percent_encoding.hpp"
#include "base/wechat_time.hpp"
#include "handlers/registry.hpp"
#include "server/commands/admin_client.hpp"
#include "server/commands/command_line.hpp"
#include "server/commands/event_forwarder.hpp"
#include "server/commands/event_messages.hpp"
#include "server/commands/event_printer.hpp"
#include "server/commands/status_client.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

/// Time for which the service holds a request while there is no event, in seconds.
constexpr int kWaitSeconds = 8;
/// Pauses before `listen` connects again: the first one, doubled up to the longest.
constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{5000};
/// Number of events that are remembered so that none is printed twice.
constexpr std::size_t kRememberedMax = 10'000;

struct ListenOptions {
  std::vector<std::string> types;
  std::string handler;
  bool json = false;
  ForwardOptions forward;
};

/// The set of events to print.
struct EventFilter {
  std::vector<handlers::EventPattern> types;
  std::string handler;

  [[nodiscard]] bool matches(const rapidjson::Value& event) const {
    const std::string type = text_of(event, "type");
    const auto fits = [&](const handlers::EventPattern& pattern) { return pattern.matches(type); };
    if (!types.empty() && std::ranges::none_of(types, fits)) return false;
    if (handler.empty()) return true;
    const auto deliveries = event.FindMember("deliveries");
    if (deliveries == event.MemberEnd() || !deliveries->value.IsArray()) return false;
    const auto list = deliveries->value.GetArray();
    return std::any_of(list.begin(), list.end(), [this](const rapidjson::Value& delivery) {
      return text_of(delivery, "handler") == handler;
    });
  }
};

/// Remembers the latest events. After a connection broke, the service may send some again.
class SeenEvents {
 public:
  /// \return true if the event is new.
  bool add(const std::string& event) {
    if (!set_.insert(event).second) return false;
    order_.push_back(event);
    if (order_.size() > kRememberedMax) {
      set_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

 private:
  std::set<std::string> set_;
  std::deque<std::string> order_;
};

/// Follows the event stream of the service until a signal.
class ListenSession {
 public:
  ListenSession(const Config& config, EventFilter filter, bool json, Runtime& runtime)
      : config_(config),
        filter_(std::move(filter)),
        runtime_(runtime),
        printer_(runtime.out, json) {}

  [[nodiscard]] ClientLoop& loop() { return loop_; }
  void forward_to(EventForwarder forwarder) { forwarder_.emplace(std::move(forwarder)); }
  [[nodiscard]] Exit run();

 private:
  using Answer = boost::system::result<std::string, Problem>;

  void end_on_signal();
  [[nodiscard]] Answer ask(const std::string& target);
  [[nodiscard]] Answer ask_for_events();
  void take(const EventMessage& message);
  void forward(const rapidjson::Value& event);
  void pause(milliseconds duration);
  Task<void> sleep(milliseconds duration);

  const Config& config_;
  EventFilter filter_;
  Runtime& runtime_;
  EventPrinter printer_;
  ClientLoop loop_;
  asio::signal_set signals_{loop_.io(), SIGINT, SIGTERM};
  Timer pause_{loop_.io().get_executor()};
  std::unique_ptr<HttpClient> client_;
  std::optional<crypto::Secret> token_;
  std::optional<EventForwarder> forwarder_;
  SeenEvents seen_;
  std::string position_;
  bool stopped_ = false;
};

void ListenSession::end_on_signal() {
  signals_.async_wait([this](error_code ec, int) {
    if (ec) return;
    stopped_ = true;
    loop_.cut_short();
    pause_.cancel();
  });
}

Task<void> ListenSession::sleep(milliseconds duration) {
  pause_.expires_after(duration);
  co_await pause_.async_wait(use_task);
}

void ListenSession::pause(milliseconds duration) {
  if (stopped_) return;
  loop_.spawn(sleep(duration));
  loop_.run();
}

/// Sends one GET request to the status endpoint.
/// \return the body of the reply; a Problem if there is no reply, or one with another status than
/// 200.
ListenSession::Answer ListenSession::ask(const std::string& target) {
  const std::string place = admin_place(config_.admin);
  if (!client_) {
    auto client = make_admin_client(config_.admin, loop_);
    if (!client) return client.error();
    client_ = std::move(*client);
    // An operator may have replaced the token while the connection was lost.
    auto token = read_client_token(config_.admin);
    if (!token) return token.error();
    token_ = std::move(*token);
  }
  const ClientRequest request = admin_request(*token_, "GET", target);
  auto reply = loop_.send(*client_, request);
  if (!reply) {
    client_.reset();
    return Problem{place, reply.error().text() + "; is the service running?"};
  }
  if (reply->status == 200) {
    return Answer(boost::system::in_place_value, std::move(reply->body));
  }
  client_.reset();
  rapidjson::Document error;
  error.Parse(reply->body.data(), reply->body.size());
  const bool is_json = !error.HasParseError() && error.IsObject();
  return Problem{place, "status " + std::to_string(reply->status) + ": " +
                            (is_json ? text_of(error, "message") : std::string("no message"))};
}

ListenSession::Answer ListenSession::ask_for_events() {
  std::string target = "/events?wait=" + std::to_string(kWaitSeconds);
  if (!position_.empty()) (target += "&after=") += base::percent_encode(position_);
  return ask(target);
}

Exit ListenSession::run() {
  end_on_signal();
  const std::string place = admin_place(config_.admin);
  bool connected = false;
  bool told = false;
  milliseconds wait = kFirstPause;
  while (!stopped_ && runtime_.out) {
    const Answer answer = ask_for_events();
    if (stopped_) break;
    if (!answer) {
      if (!connected) {
        print_problems(runtime_, {answer.error()});
        return Exit::kFailed;
      }
      if (!told) {
        runtime_.err << "couponhook: " << place << ": the connection is lost ("
                     << answer.error().message << "); trying again" << std::endl;
      }
      told = true;
      pause(wait);
      wait = std::min(2 * wait, kLongestPause);
      continue;
    }
    if (!connected) {
      runtime_.err << "couponhook: listening to the " << place << "; Ctrl-C ends" << std::endl;
    }
    if (told) runtime_.err << "couponhook: " << place << ": connected again" << std::endl;
    connected = true;
    told = false;
    wait = kFirstPause;
    for (const EventMessage& message : parse_event_messages(*answer)) {
      if (stopped_) break;
      take(message);
    }
  }
  return runtime_.out ? Exit::kOk : Exit::kFailed;
}

void ListenSession::take(const EventMessage& message) {
  position_ = message.id;
  rapidjson::Document event;
  event.Parse(message.data.data(), message.data.size());
  if (event.HasParseError() || !event.IsObject() || message.name == "hello") return;
  // A delivery may change its state several times, so these events have no identity.
  const bool is_arrival = message.name != "delivery";
  if (is_arrival && !seen_.add(message.name + text_of(event, "seq"))) return;
  if (!filter_.matches(event)) return;
  printer_.print_event(message.data, event);
  if (forwarder_ && message.name == "notification") forward(event);
}

void ListenSession::forward(const rapidjson::Value& event) {
  const std::string id = event.HasMember("id") && event["id"].IsString()
                             ? std::string(event["id"].GetString(), event["id"].GetStringLength())
                             : std::string();
  std::string target = "/notifications/" + base::percent_encode(id);
  (target += "?mchid=") += base::percent_encode(text_of(event, "mchid"));
  const Answer notification = ask(target);
  ForwardResult result;
  if (notification) {
    result = forwarder_->post(*notification);
  } else {
    result.error = notification.error().message;
  }
  if (stopped_) return;
  const auto now = base::format_unix_ms(base::to_unix_ms(runtime_.clock()));
  printer_.print_forward(id, forwarder_->url(), now, result);
}

/// Reads the options --type and --handler.
/// \return the filter; nothing after printing what is wrong.
std::optional<EventFilter> read_filter(const ListenOptions& options, Runtime& runtime) {
  EventFilter filter{{}, options.handler};
  for (const std::string& type : options.types) {
    auto pattern = handlers::EventPattern::parse(type);
    if (!pattern) {
      print_problems(runtime, {{"--type", pattern.error()}});
      return std::nullopt;
    }
    filter.types.push_back(std::move(*pattern));
  }
  return filter;
}

Exit run_listen(const ListenOptions& options, const CommonOptions& common, Runtime& runtime) {
  auto filter = read_filter(options, runtime);
  if (!filter) return Exit::kUsage;
  const auto config = load_config_or_print(common, runtime);
  if (!config) return Exit::kUsage;
  if (options.forward.url.empty() && !options.forward.secret_file.empty()) {
    print_problems(runtime, {{"--secret-file", "signs what --forward posts; add --forward URL"}});
    return Exit::kUsage;
  }
  ListenSession session(*config, std::move(*filter), options.json, runtime);
  if (!options.forward.url.empty()) {
    auto forwarder = EventForwarder::make(options.forward, session.loop(), runtime);
    if (!forwarder) {
      print_problems(runtime, {forwarder.error()});
      return Exit::kUsage;
    }
    session.forward_to(std::move(*forwarder));
  }
  return session.run();
}

constexpr const char* kExamples =
    R"(Examples:
  couponhook listen --type 'COUPON.*'
  couponhook listen --forward http://localhost:3000/hooks
      posts each event to your back end, as an http handler does, and prints its answers. The
      service needs no handler for it, and a failed post is not tried again.)";

}  // namespace

void declare_listen(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<ListenOptions>();
  Options options =
      line.add("listen", "Print events as they come, until Ctrl-C; through the status endpoint",
               [chosen, &common, &runtime] { return run_listen(*chosen, common, runtime); });
  add_config_option(options, common);
  options.texts("--type", chosen->types,
                "Only events of this type, with the patterns of handlers: COUPON.USE, COUPON.*; "
                "may be given several times");
  options.text("--handler", chosen->handler, "Only events with a delivery to this handler");
  options.flag("--json", chosen->json, "Print one JSON object a line");
  options.text("--forward", chosen->forward.url,
               "URL to post each event to: https, or http on this machine");
  options.path("--secret-file", chosen->forward.secret_file,
               "Webhook secret (whsec_…) to sign with; default: a fresh one, printed at the start");
  options.path("--ca", chosen->forward.ca_file,
               "PEM certificates to trust for --forward besides the system's");
  options.epilogue(kExamples);
}

}  // namespace couponhook::server
