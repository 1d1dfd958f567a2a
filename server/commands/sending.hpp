#pragma once

/// \file
/// Options and helpers that the commands `trigger`, `replay` and `sandbox` share for sending
/// notifications. Only the files in server/commands use this header.

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.hpp"
#include "sandbox/local/sender.hpp"
#include "server/commands/command_line.hpp"
#include "server/commands/signing_key.hpp"

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

/// Makes the TLS settings for sending notifications to the listener.
/// \param ca file with PEM certificates to trust in addition to the system's CA certificates; may
///   be empty. The configured certificate of the listener is also trusted, even if it is
///   self-signed.
/// \return the settings, or an error text.
[[nodiscard]] boost::system::result<TlsContext, TlsFileFailure> make_sending_tls(
    const std::filesystem::path& ca, const Config& config);

/// Returns the URL of a merchant's path at the listener, with an address at which this machine
/// reaches the listener.
[[nodiscard]] std::string listener_url(const Config& config, const MerchantConfig& merchant);

void add_sending_options(Options& options, SendingOptions& sending);

/// Returns the reply status that is expected for a notification: `if_good` for a correct
/// notification, 401 or 500 for a deliberately wrong one.
[[nodiscard]] unsigned expected_status(Bad bad, unsigned if_good);

/// All settings for sending notifications: the plan (number of copies, connections, rate), and the
/// maker that signs the notifications.
struct Sending {
  SendPlan plan;
  NotificationMaker maker;
};

/// Makes the settings for sending from the options and the configuration. If there is a problem,
/// prints the problem and returns nothing.
[[nodiscard]] std::optional<Sending> prepare_sending(const SendingOptions& options,
                                                     const Config& config,
                                                     const MerchantConfig& merchant,
                                                     Runtime& runtime);

/// Returns the result of sending one copy of a notification, as text: "204", "503
/// STORE_UNAVAILABLE" or "no reply: …".
[[nodiscard]] std::string describe(const CopyResult& result);

/// Collects the first few unexpected replies to sent notifications, so that the command can print
/// them at its end.
class UnexpectedReplies {
 public:
  void check(const std::string& name, const Outgoing& outgoing,
             const std::vector<CopyResult>& results);
  void print(std::uint64_t total, std::ostream& out) const;

 private:
  static constexpr std::size_t kLinesMax = 10;
  std::vector<std::string> lines_;
};

void print_summary(const Summary& summary, std::ostream& out);

/// Writes the JSON members of the summary of a run. The caller begins and ends the JSON object.
void write_summary(const Summary& summary, base::JsonWriter& json);

}  // namespace couponhook::server
