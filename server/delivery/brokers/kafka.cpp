#include <array>
#include <atomic>
#include <future>
#include <thread>

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "server/delivery/brokers/brokers.hpp"

namespace couponhook::server {
namespace {

constexpr int kPollMs = 100;
/// Extra time to wait for Kafka's delivery report. librdkafka itself gives up after
/// message.timeout.ms, and its report comes a little later.
constexpr std::chrono::milliseconds kReportSlack{1000};
/// Longest time to wait while a Kafka producer is destroyed. The destruction waits for threads that
/// may be blocked in a DNS look-up.
constexpr std::chrono::milliseconds kDestroyTimeout{2000};

struct DestroyConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
struct DestroyProducer {
  void operator()(rd_kafka_t* producer) const { rd_kafka_destroy(producer); }
};
using ConfPtr = std::unique_ptr<rd_kafka_conf_t, DestroyConf>;
using ProducerPtr = std::unique_ptr<rd_kafka_t, DestroyProducer>;
using Report = std::promise<rd_kafka_resp_err_t>;

void report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  // The thread that waits for this delivery report may have given up, so that thread and this
  // function share the ownership of the report's promise.
  const std::unique_ptr<std::shared_ptr<Report>> waiting(
      static_cast<std::shared_ptr<Report>*>(message->_private));
  (*waiting)->set_value(message->err);
}

/// A Kafka producer that all threads share, so that the producer sends their messages in common
/// batches.
class Producer {
 public:
  explicit Producer(ProducerPtr producer)
      : producer_(std::move(producer)), poller_([this] { poll_until_over(); }) {}
  ~Producer() {
    over_ = true;
    poller_.join();
    std::promise<void> destroyed;
    const auto over = destroyed.get_future();
    auto destroy = [producer = std::move(producer_), done = std::move(destroyed)]() mutable {
      producer.reset();
      done.set_value();
    };
    std::thread(std::move(destroy)).detach();
    over.wait_for(kDestroyTimeout);
  }
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  [[nodiscard]] rd_kafka_t* get() const { return producer_.get(); }

 private:
  void poll_until_over() {
    pthread_setname_np(pthread_self(), "kafka-reports");
    while (!over_) rd_kafka_poll(producer_.get(), kPollMs);
  }

  ProducerPtr producer_;
  std::atomic<bool> over_ = false;
  std::thread poller_;
};

class KafkaConnection final : public BrokerConnection {
 public:
  KafkaConnection(std::shared_ptr<Producer> producer, std::string topic)
      : producer_(std::move(producer)), topic_(std::move(topic)) {}

  handlers::Outcome publish(const BrokerMessage& message, BrokerDeadline due) override {
    const auto waiting = std::make_shared<Report>();
    auto reported = waiting->get_future();
    auto owned = std::make_unique<std::shared_ptr<Report>>(waiting);
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(2);
    add_header(headers, "id", message.id);
    add_header(headers, "type", message.type);
    // The cast is safe: librdkafka only copies the message, although its parameter is a pointer to
    // non-const text.
    auto* const body = const_cast<char*>(message.body.data());
// The macros of librdkafka contain C-style casts, so the warning about such casts is off.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
    const rd_kafka_resp_err_t queued =
        rd_kafka_producev(producer_->get(), RD_KAFKA_V_TOPIC(topic_.c_str()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
                          RD_KAFKA_V_VALUE(body, message.body.size()), RD_KAFKA_V_HEADERS(headers),
                          RD_KAFKA_V_OPAQUE(owned.get()), RD_KAFKA_V_END);
#pragma GCC diagnostic pop
    if (queued != RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_headers_destroy(headers);
      return handlers::Retry{std::string("kafka: ") + rd_kafka_err2str(queued), {}};
    }
    // The function report() deletes this pointer to the promise when Kafka's delivery report
    // arrives.
    static_cast<void>(owned.release());
    if (reported.wait_until(due + kReportSlack) != std::future_status::ready) {
      return handlers::Retry{"kafka: no delivery report in time", {}};
    }
    const rd_kafka_resp_err_t error = reported.get();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return handlers::Done{};
    return handlers::Retry{std::string("kafka: ") + rd_kafka_err2str(error), {}};
  }

 private:
  static void add_header(rd_kafka_headers_t* headers, const char* name, std::string_view value) {
    rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
  }

  std::shared_ptr<Producer> producer_;
  std::string topic_;
};

class Kafka final : public Broker {
 public:
  Kafka(std::shared_ptr<Producer> producer, std::string topic)
      : producer_(std::move(producer)), topic_(std::move(topic)) {}

  /// Returns a connection without connecting to Kafka: the producer opens its connections with the
  /// first message.
  BrokerConnectionResult connect(BrokerDeadline /*due*/) override {
    return BrokerConnectionResult(boost::system::in_place_value,
                                  std::make_unique<KafkaConnection>(producer_, topic_));
  }

 private:
  std::shared_ptr<Producer> producer_;
  std::string topic_;
};

/// Sets properties in the configuration of a Kafka producer. \return name and error of the first
/// invalid property; empty if all are valid.
std::string set_all(rd_kafka_conf_t* conf, const std::map<std::string, std::string>& properties) {
  std::array<char, 256> wrong{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), wrong.data(), wrong.size()) !=
        RD_KAFKA_CONF_OK) {
      return "property " + name + ": " + wrong.data();
    }
  }
  return "";
}

}  // namespace

const bool kHasKafka = true;

BrokerResult make_kafka(const KafkaHandlerConfig& config, BrokerSettings settings) {
  const auto refuse = [](std::string why) {
    return BrokerResult(boost::system::in_place_error, std::move(why));
  };
  ConfPtr conf(rd_kafka_conf_new());
  auto properties = config.properties;
  properties["bootstrap.servers"] = config.brokers;
  properties["enable.idempotence"] = "true";
  properties["message.timeout.ms"] = std::to_string(settings.timeout.count());
  properties.try_emplace("linger.ms", "1");
  if (auto wrong = set_all(conf.get(), properties); !wrong.empty()) return refuse(wrong);
  if (!settings.password.empty()) {
    const std::string password(settings.password.reveal());
    std::array<char, 256> ignored{};
    if (rd_kafka_conf_set(conf.get(), "sasl.password", password.c_str(), ignored.data(),
                          ignored.size()) != RD_KAFKA_CONF_OK) {
      return refuse("password_file: librdkafka was built without SASL");
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf.get(), report);
  std::array<char, 256> wrong{};
  ProducerPtr producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), wrong.data(), wrong.size()));
  if (!producer) return refuse(wrong.data());
  static_cast<void>(conf.release());  // The Kafka producer owns the configuration object now.
  return BrokerResult(
      boost::system::in_place_value,
      std::make_unique<Kafka>(std::make_shared<Producer>(std::move(producer)), config.topic));
}

}  // namespace couponhook::server
