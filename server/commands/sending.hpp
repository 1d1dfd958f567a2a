#pragma once

/// \file
/// Private to this folder: what `trigger`, `replay` and `sandbox` share.

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "server/commands/command_line.hpp"
#include "sandbox/local/sender.hpp"

namespace couponhook::server {

struct SendingOptions {
  std::string to;
  std::filesystem::path ca;
  PlatformKeyChoice key;
  unsigned duplicates = 1;
  std::size_t connections = 0;
  double rate = 0;
  std::string bad;
  unsigned timeout_ms = 10000;
  bool json = false;
};

/// \param ca PEM certificates to trust besides the system's; may be empty. The listener's own is
///   trusted too, whoever signed it: it is the one that we configured.
[[nodiscard]] boost::system::result<TlsContext, std::string> make_sending_tls(
    const std::filesystem::path& ca, const Config& config);

/// Where this machine reaches the listener's path of a merchant.
[[nodiscard]] std::string listener_url(const Config& config, const MerchantConfig& merchant);

void add_sending_options(Options& options, SendingOptions& sending);

/// The status that a notification should be replied with.
[[nodiscard]] unsigned expected_status(Bad bad, unsigned if_good);

/// What to send with, ready.
struct Sending {
  SendPlan plan;
  NotificationMaker maker;
};

/// Prints what is wrong, and returns nothing then.
[[nodiscard]] std::optional<Sending> prepare_sending(const SendingOptions& options,
                                                     const Config& config,
                                                     const MerchantConfig& merchant, World& world);

/// "204", or "503 STORE_UNAVAILABLE", or "no reply: …".
[[nodiscard]] std::string describe(const CopyResult& result);

/// Remembers the first copies whose reply was not the expected one.
class UnexpectedReplies {
 public:
  void look_at(const std::string& name, const Outgoing& outgoing,
               const std::vector<CopyResult>& results);
  void print(std::uint64_t total, std::ostream& out) const;

 private:
  static constexpr std::size_t kLinesMax = 10;
  std::vector<std::string> lines_;
};

void print_summary(const Summary& summary, std::ostream& out);

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

/// Writes the summary's members into an object that the caller begins and ends.
void write_summary(const Summary& summary, JsonWriter& writer);

}  // namespace couponhook::server
