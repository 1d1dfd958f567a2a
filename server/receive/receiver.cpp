#include "server/receive/receiver.hpp"

#include <memory>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/url.hpp"
#include "crypto/signature_verifier.hpp"
#include "server/receive/commit_wait.hpp"
#include "server/receive/nearest_path.hpp"

namespace couponhook::server {
namespace {

/// Identifiers of a notification for its log line. They are copied before the notification's record
/// moves into the queue in front of the database.
struct Identity {
  std::string id;
  std::string event_type;
  std::string detail;

  explicit Identity(const Examined& examined) {
    if (const auto* admit = std::get_if<ToAdmit>(&examined)) {
      id = admit->admission.id;
      event_type = admit->admission.event_type;
      detail = admit->unreadable.empty() ? admit->admission.flaw : admit->unreadable;
    } else if (const auto* sealed = std::get_if<ToQuarantine>(&examined)) {
      id = sealed->record.id;
      event_type = sealed->record.event_type;
      detail = sealed->record.detail;
    }
  }
};

/// The wait of one request for the handlers that must be done before the reply. The thread of the
/// delivery worker calls handled(); the wait ends on the thread of the HTTP session.
class HandledWait final : public HandledListener,
                          public ResultWait<Handled>,
                          public std::enable_shared_from_this<HandledWait> {
 public:
  using ResultWait::ResultWait;
  void handled(Handled result) noexcept override {
    asio::post(executor_, [self = shared_from_this(), result] { self->finish(result); });
  }
};

}  // namespace

Receiver::Receiver(const base::Live<Merchants>& merchants, const ReceiveRules& rules,
                   storage::Inbox& inbox, DeliveryWaiter& delivery_waiter,
                   ReplyCounters& reply_counters, Log& log, base::WallClock clock,
                   ReceiverOptions options)
    : merchants_(merchants),
      rules_(rules),
      inbox_(inbox),
      delivery_waiter_(delivery_waiter),
      reply_counters_(reply_counters),
      log_(log),
      refusals_(log),
      clock_(std::move(clock)),
      options_(options) {}

std::optional<Reply> Receiver::refuse(std::string_view method, std::string_view target,
                                      std::string_view peer) const {
  std::optional<Verdict> verdict;
  if (merchants_.get()->find_path(base::path_of(target)) == nullptr) {
    verdict = Verdict::kNotFound;
  } else if (method != "POST") {
    verdict = Verdict::kMethodNotAllowed;
  }
  if (!verdict) return std::nullopt;
  reply_counters_.count(*verdict);
  refusals_.note({*verdict, method, base::path_of(target), peer}, SteadyClock::now(),
                 [&] { return advice(*verdict, target); });
  return reply_for(*verdict, options_.success_status);
}

std::string Receiver::advice(Verdict verdict, std::string_view target) const {
  if (verdict != Verdict::kNotFound) return {};
  const std::string meant = nearest_path(*merchants_.get(), base::path_of(target));
  return meant.empty() ? std::string()
                       : "the path is probably mistyped: " + meant + " is configured";
}

Reply Receiver::fault(HttpFault fault, std::string_view peer, std::string_view detail) {
  NotificationLine line{};
  line.verdict = verdict_for(fault);
  line.peer = peer;
  line.detail = detail;
  reply_counters_.count(line.verdict);
  return log_and_reply(line, detail);
}

void Receiver::note_evictions(std::size_t connections) {
  reply_counters_.count_evictions(connections);
  refusals_.note_evictions(connections, SteadyClock::now());
}

Task<Reply> Receiver::handle(const Request& request) {
  const auto begun = SteadyClock::now();
  const auto merchants = merchants_.get();
  const Merchant* merchant = merchants->find_path(base::path_of(request.target));
  if (merchant == nullptr) co_return reply_for(Verdict::kNotFound, options_.success_status);

  Examined examined = examine_and_measure(request, *merchant, begun);

  const Identity identity(examined);
  NotificationLine line{};
  line.mchid = merchant->mchid;
  line.id = identity.id;
  line.event_type = identity.event_type;
  line.detail = identity.detail;
  line.serial = request.headers.find("Wechatpay-Serial");
  line.request_id = request.headers.find("Request-ID");
  line.peer = request.peer;
  line.body_bytes = request.body.size();

  if (const auto* refused = std::get_if<Refused>(&examined)) {
    line.verdict = refused->verdict;
    line.detail = refused->hint;
    SignatureEvidence evidence;
    if (refused->verdict == Verdict::kSignatureInvalid) {
      evidence = signature_faults_.examine(request, *merchant, begun);
      line.detail = evidence.damage;
      line.body_sha256 = evidence.body_sha256;
      line.content_encoding = evidence.content_encoding;
      line.hop = request.hop;
      line.proxies = evidence.proxies;
    }
    if (refused->verdict == Verdict::kSerialUnknown && options_.on_unknown_serial) {
      options_.on_unknown_serial(line.mchid, line.serial);
    }
    co_return finish(line, begun, refused->hint);
  }
  const auto deadline = begun + options_.reply_budget;
  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<CommitWait>(executor);
  line.verdict = co_await commit(examined, wait, deadline);

  const auto* admitted = std::get_if<ToAdmit>(&examined);
  if (admitted != nullptr && waits_for_handlers(line.verdict, *admitted)) {
    HandledRequest asked{merchant->mchid, identity.id, admitted->awaited, wait->take_leased(),
                         nullptr};
    line.verdict = co_await handled(line.verdict, std::move(asked), deadline);
  }
  Reply reply = finish(line, begun, {});
  reply.to_signed_sender = true;
  co_return reply;
}

Examined Receiver::examine_and_measure(const Request& request, const Merchant& merchant,
                                       SteadyClock::time_point begun) {
  SteadyClock::duration check_time{};
  const auto now = clock_();
  Examined examined = examine(request, merchant, rules_, now, &check_time);
  if (check_time.count() != 0) signature_metrics_.count_check(check_time);
  if (!std::holds_alternative<Refused>(examined) && signature_metrics_.is_offset_due(begun)) {
    const auto sent = crypto::parse_timestamp(request.headers.find("Wechatpay-Timestamp"));
    if (sent) signature_metrics_.note_offset(*sent, now);
  }
  return examined;
}

Task<Verdict> Receiver::commit(Examined& examined, std::shared_ptr<CommitWait> wait,
                               SteadyClock::time_point deadline) {
  auto queued = storage::Inbox::Queued::kStopped;
  if (auto* admit = std::get_if<ToAdmit>(&examined)) {
    queued = inbox_.admit(std::move(admit->admission), wait);
  } else if (auto* sealed = std::get_if<ToQuarantine>(&examined)) {
    queued = inbox_.quarantine(std::move(sealed->record), wait);
  }
  if (queued == storage::Inbox::Queued::kFull) co_return Verdict::kOverloaded;
  if (queued == storage::Inbox::Queued::kStopped) co_return Verdict::kStoreUnavailable;
  const auto outcome = co_await wait->wait(deadline);
  // If the deadline has passed, reply "store unavailable". The notification may still be committed
  // later; the next copy that WeChat Pay sends is then a duplicate and gets an acknowledgement.
  if (!outcome) co_return Verdict::kStoreUnavailable;
  co_return conclude(examined, *outcome);
}

Task<Verdict> Receiver::handled(Verdict verdict, HandledRequest request,
                                SteadyClock::time_point deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<HandledWait>(executor);
  request.listener = wait;
  request.until = deadline;
  delivery_waiter_.handle(std::move(request));
  const auto result = co_await wait->wait(deadline);
  co_return conclude_handling(verdict, result.value_or(Handled::kNotYet));
}

Reply Receiver::finish(NotificationLine& line, SteadyClock::time_point begun,
                       std::string_view hint) {
  line.duration = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begun);
  reply_counters_.count(line.verdict, line.duration);
  return log_and_reply(line, hint);
}

Reply Receiver::log_and_reply(const NotificationLine& line, std::string_view hint) {
  log_.notification(line);
  return reply_for(line.verdict, options_.success_status, hint);
}

}  // namespace couponhook::server
