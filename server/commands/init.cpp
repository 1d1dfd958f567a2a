#include <algorithm>
#include <array>
#include <cctype>
#include <ostream>

#include "base/base64.hpp"
#include "base/url.hpp"
#include "crypto/file.hpp"
#include "crypto/resource_cipher.hpp"
#include "crypto/self_signed.hpp"
#include "server/commands/command_line.hpp"

namespace couponhook::server {
namespace {

struct InitOptions {
  std::filesystem::path directory;
  std::string mchid = "1900000001";
  std::string handler_url;  ///< URL of the merchant's backend; empty: none yet
  std::uint16_t port = 8443;
  std::uint16_t admin_port = 9443;
  std::uint16_t sandbox_port = 8444;
};

constexpr std::size_t kTokenCharacters = 43;  // 43 random letters and digits hold at least 256 bits
constexpr std::size_t kApiV2KeyCharacters = 32;
constexpr std::size_t kWebhookSecretBytes = 32;  // Standard Webhooks: 24 to 64
constexpr std::chrono::days kCertificateLife{3650};
constexpr std::string_view kHandlerSecretFile = "secrets/shop_secret";

/// Returns the [[handler]] table of the merchant's own backend. Without a URL every line of it is a
/// comment, so that the user finds what to write.
std::string shop_handler_text(const InitOptions& options) {
  const bool active = !options.handler_url.empty();
  const std::string begin = active ? "" : "# ";
  std::string text =
      active
          ? "\n# Posts each event to your backend. Receivers in PHP, Java, Python, Node.js, Go: "
            "examples/.\n"
          : "\n# Posts each event to your backend: docs/handlers.md, receivers in examples/. Make "
            "the secret with\n"
            "# printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\" > secrets/shop_secret; chmod "
            "600 secrets/shop_secret\n";
  text += begin + "[[handler]]\n";
  text += begin + "name = \"shop\"\n";
  text += begin + "type = \"http\"\n";
  text += begin + "url = \"" + (active ? options.handler_url : "http://127.0.0.1:8080/coupons") +
          "\"\n";
  text += begin + "secret_file = \"" + std::string(kHandlerSecretFile) +
          "\"     # your backend needs the same secret\n";
  text += begin + "events = [\"COUPON.*\", \"PRODUCT_COUPON_SP.*\", \"REFUND.*\"]\n";
  return text;
}

/// Returns a new secret in the form of Standard Webhooks, with a line end.
std::string make_webhook_secret(const Runtime& runtime) {
  std::array<unsigned char, kWebhookSecretBytes> bytes{};
  runtime.random(bytes);
  return "whsec_" + base::base64_encode(std::string(bytes.begin(), bytes.end())) + "\n";
}

/// Returns the content of the configuration file couponhook.toml that `init` writes.
/// \param api_serial serial of the merchant's API certificate.
std::string config_text(const InitOptions& options, const std::string& api_serial) {
  return R"(# A local set-up, made by `couponhook init`. Every key: docs/configuration.md.

[listener]
address = "127.0.0.1"                  # "0.0.0.0" to be reached from outside
port = )" +
         std::to_string(options.port) + R"(
tls_certificate = "tls/server.crt"     # self-signed: WeChat Pay wants one from a public CA
tls_private_key = "tls/server.key"

[admin]
address = "127.0.0.1"
port = )" +
         std::to_string(options.admin_port) + R"(
token_file = "secrets/admin_token"

[store]
url = "sqlite:data/couponhook.db"

[[merchant]]
mchid = ")" +
         options.mchid + R"("
path = "/notify/)" +
         options.mchid + R"("
api_v3_key_files = ["secrets/api_v3_key"]
platform_certificates = ["wechatpay/platform_cert.pem"]  # of the development key below; replace by
                                                         # WeChat Pay's own to go live

[merchant.api]                         # for what this side asks of WeChat Pay
private_key_file = "secrets/apiclient_key.pem"
certificate_serial = ")" +
         api_serial + R"("
api_v2_key_file = "secrets/api_v2_key"
base_url = "https://127.0.0.1:)" +
         std::to_string(options.sandbox_port) +
         R"("   # `couponhook sandbox`; https://api.mch.weixin.qq.com to go live
ca_file = "tls/server.crt"             # what the sandbox shows; leave it out to go live
# certificate_directory = "…"          # of what is fetched; else certificates/ beside the store
certificate_refresh_minutes = 60       # 0 once WeChat Pay signs for you with a public key

[[handler]]
name = "ledger"
type = "ledger"
events = ["COUPON.*", "REFUND.*"]
)" + shop_handler_text(options);
}

/// Makes all keys and certificates of a new set-up, and writes them to files together with the
/// configuration.
void write_setup(const InitOptions& options, const Runtime& runtime) {
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  const auto tls = crypto::make_self_signed({crypto::PairKind::kEcP256,
                                             "localhost",
                                             {"DNS:localhost", "IP:127.0.0.1", "IP:::1"},
                                             now,
                                             kCertificateLife});
  const auto platform = crypto::make_self_signed({crypto::PairKind::kRsa2048,
                                                  "couponhook development platform key",
                                                  {},
                                                  now,
                                                  kCertificateLife});
  // Make the merchant's API certificate and key. In production, WeChat Pay's certificate tool makes
  // them.
  const auto api = crypto::make_self_signed({crypto::PairKind::kRsa2048,
                                             "couponhook development merchant " + options.mchid,
                                             {},
                                             now,
                                             kCertificateLife});
  const auto& root = options.directory;
  crypto::write_new_file(root / "tls/server.crt", tls.certificate_pem, crypto::FileMode::kPublic);
  crypto::write_new_file(root / "tls/server.key", tls.private_key_pem.reveal(),
                         crypto::FileMode::kPrivate);
  crypto::write_new_file(root / "wechatpay/platform_cert.pem", platform.certificate_pem,
                         crypto::FileMode::kPublic);
  crypto::write_new_file(root / "development/platform_key.pem", platform.private_key_pem.reveal(),
                         crypto::FileMode::kPrivate);
  crypto::write_new_file(root / "secrets/api_v3_key",
                         crypto::random_alphanumeric(runtime.random, crypto::kApiV3KeyBytes) + "\n",
                         crypto::FileMode::kPrivate);
  crypto::write_new_file(root / "secrets/api_v2_key",
                         crypto::random_alphanumeric(runtime.random, kApiV2KeyCharacters) + "\n",
                         crypto::FileMode::kPrivate);
  crypto::write_new_file(root / "secrets/apiclient_key.pem", api.private_key_pem.reveal(),
                         crypto::FileMode::kPrivate);
  crypto::write_new_file(root / "development/apiclient_cert.pem", api.certificate_pem,
                         crypto::FileMode::kPublic);
  crypto::write_new_file(root / "secrets/admin_token",
                         crypto::random_alphanumeric(runtime.random, kTokenCharacters) + "\n",
                         crypto::FileMode::kPrivate);
  if (!options.handler_url.empty()) {
    crypto::write_new_file(root / kHandlerSecretFile, make_webhook_secret(runtime),
                           crypto::FileMode::kPrivate);
  }
  crypto::write_new_file(root / "couponhook.toml", config_text(options, api.serial),
                         crypto::FileMode::kPublic);
}

/// Returns true if every character of `mchid` can be used in TOML, in a URL path and in a
/// certificate's name without quoting.
bool is_plain(const std::string& mchid) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  return !mchid.empty() && std::ranges::all_of(mchid, allowed);
}

/// Returns true if `url` is an absolute http or https URL that can stand between quotes in TOML.
/// Braces are refused too: the configuration replaces ${NAME} by an environment variable.
bool is_plain_url(const std::string& url) {
  return base::parse_url(url).has_value() && url.find_first_of("\"\\{}") == std::string::npos;
}

/// Returns the file that prevents the creation of the folder `at`: the path itself, or its nearest
/// existing parent, if that is a file and not a folder. Returns an empty path if there is no such
/// file.
std::filesystem::path conflicting_file(std::filesystem::path at) {
  std::error_code ec;
  while (!at.empty() && !std::filesystem::exists(at, ec)) at = at.parent_path();
  return std::filesystem::is_directory(at, ec) ? std::filesystem::path() : at;
}

Exit init(const InitOptions& options, Runtime& runtime) {
  if (!is_plain(options.mchid)) {
    print_problems(runtime,
                   {{"--mchid", "\"" + options.mchid +
                                    "\" is not a merchant number; use digits, letters, \"-\" "
                                    "and \"_\""}});
    return Exit::kUsage;
  }
  if (!options.handler_url.empty() && !is_plain_url(options.handler_url)) {
    print_problems(runtime, {{"--handler-url", "\"" + options.handler_url +
                                                   "\" is not a URL; write http://host:port/path "
                                                   "or https://host/path"}});
    return Exit::kUsage;
  }
  std::error_code ec;
  if (const auto file = conflicting_file(options.directory); !file.empty()) {
    print_problems(runtime,
                   {{file.string(), "is a file, not a folder; name a new folder for the set-up"}});
    return Exit::kFailed;
  }
  if (std::filesystem::exists(options.directory, ec) &&
      !std::filesystem::is_empty(options.directory, ec)) {
    print_problems(runtime, {{options.directory.string(),
                              "is not an empty folder; name a new one, nothing is overwritten"}});
    return Exit::kFailed;
  }
  write_setup(options, runtime);
  const std::string config = (options.directory / "couponhook.toml").string();
  runtime.out << "A local set-up is ready in " << options.directory.string() << ".\n"
              << "  serve it:          couponhook serve --config " << config << '\n'
              << "  send it a coupon:  couponhook trigger redeem --config " << config << '\n'
              << "  play WeChat Pay:   couponhook sandbox --config " << config << '\n'
              << "  look at it:        couponhook status --config " << config
              << ", or in a browser at the address that serve prints\n";
  if (options.handler_url.empty()) {
    runtime.out << "  receive it:        add your backend's URL to " << config
                << " (the last lines), or use init --handler-url URL\n";
  } else {
    runtime.out << "  receive it:        events go to " << options.handler_url
                << "; your backend verifies them with the secret in "
                << (options.directory / kHandlerSecretFile).string()
                << ". See examples/ for PHP, Java, Python, Node.js and Go\n";
  }
  return Exit::kOk;
}

}  // namespace

void declare_init(CommandLine& line, Runtime& runtime) {
  auto chosen = std::make_shared<InitOptions>();
  Options options =
      line.add("init", "Create a local set-up: configuration, certificates, keys, token",
               [chosen, &runtime] { return init(*chosen, runtime); });
  options.required_path("DIR", chosen->directory, "Folder for the set-up; must be new or empty");
  options.text("--mchid", chosen->mchid, "Merchant number");
  options.text("--handler-url", chosen->handler_url,
               "URL of your backend, to which events are posted; makes its secret");
  options.number("--port", chosen->port, 0, 65535, "Port for notifications");
  options.number("--admin-port", chosen->admin_port, 0, 65535, "Port of the status endpoint");
  options.number("--sandbox-port", chosen->sandbox_port, 1, 65535,
                 "Port of the sandbox, where outbound calls go");
}

}  // namespace couponhook::server
