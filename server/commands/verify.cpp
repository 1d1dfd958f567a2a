#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "base/json_writer.hpp"
#include "base/printable.hpp"
#include "crypto/file.hpp"
#include "crypto/pem.hpp"
#include "server/capture/read_capture.hpp"
#include "server/capture/verification.hpp"
#include "server/commands/command_line.hpp"
#include "server/commands/table.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {
namespace {

struct VerifyOptions {
  std::vector<std::filesystem::path> files;
  std::filesystem::path api_v3_key;
  std::vector<std::string> certificates;
  bool json = false;
};

/// The merchants, rules and key names with which the files are verified.
struct KeyRing {
  std::vector<std::shared_ptr<Merchant>> merchants;
  std::vector<std::vector<std::string>> key_names;  ///< APIv3 key files of each merchant
  ReceiveRules rules;
  /// PEM texts of public keys given by --certificate. A public key's id is not part of its file,
  /// so it is taken from the request.
  std::vector<std::string> public_keys;
};

/// Reads a certificate or public key that the user named with --certificate.
void add_named_key(const std::filesystem::path& file, KeyRing& ring,
                   std::vector<Problem>& problems) {
  const auto pem = crypto::read_file(file);
  if (!pem) {
    problems.push_back({"--certificate: " + file.string(), pem.error().text()});
    return;
  }
  if (pem->reveal().find("BEGIN PUBLIC KEY") != std::string_view::npos) {
    ring.public_keys.emplace_back(pem->reveal());
    return;
  }
  const auto added = ring.merchants.front()->platform_keys.add_certificates(pem->reveal());
  for (const std::string& fault : added.faults) {
    problems.push_back({"--certificate: " + file.string(), fault});
  }
}

/// Makes the keys from the options --key and --certificate, without a configuration.
KeyRing keys_from_options(const VerifyOptions& options, std::vector<Problem>& problems) {
  KeyRing ring;
  const std::chrono::seconds tolerance = MerchantConfig().timestamp_tolerance;
  ring.merchants.push_back(std::make_shared<Merchant>(Merchant{"", "", tolerance, {}, {}}));
  ring.key_names.emplace_back();
  for (const std::string& file : options.certificates) add_named_key(file, ring, problems);
  if (!options.api_v3_key.empty()) {
    const std::string where = "--key: " + options.api_v3_key.string();
    auto content = crypto::read_file(options.api_v3_key, 4096);
    if (!content) {
      problems.push_back({where, content.error().text()});
    } else if (auto cipher = crypto::api_v3_cipher(std::move(*content)); !cipher) {
      problems.push_back({where, cipher.error().text()});
    } else {
      ring.merchants.front()->ciphers.push_back(std::move(*cipher));
      ring.key_names.front().push_back(options.api_v3_key.string());
    }
  }
  // Without a configuration, every coupon event changes the ledger, as with the handler of `init`.
  ring.rules.ledger.add("ledger", {*handlers::EventPattern::parse("*")});
  return ring;
}

/// Makes the keys of the configured merchants. Faults of handlers and other files do not matter.
std::optional<KeyRing> keys_from_config(const CommonOptions& common, Runtime& runtime) {
  const auto config = load_config_or_print(common, runtime);
  if (!config || !mchid_is_configured(*config, common, runtime)) return std::nullopt;
  KeyRing ring;
  std::vector<Problem> problems;
  for (const MerchantConfig& entry : config->merchants) {
    if (!common.mchid.empty() && common.mchid != entry.mchid) continue;
    ring.merchants.push_back(
        std::make_shared<Merchant>(load_merchant(*config, entry, {}, problems)));
    std::vector<std::string> names;
    for (const auto& file : entry.api_v3_key_files) names.push_back(file.string());
    ring.key_names.push_back(std::move(names));
  }
  ring.rules = make_rules(*config, problems);
  // A key that cannot be read may be the one that is needed, so say so, but go on with the others.
  print_problems(runtime, problems);
  return ring;
}

/// Returns the position of the merchant to whom a request belongs: the one with its path, else the
/// one that knows its serial, else the first.
std::size_t choose_merchant_of(const CapturedRequest& request, const KeyRing& ring) {
  const auto& merchants = ring.merchants;
  const std::string path = request.target.substr(0, request.target.find('?'));
  const auto by_path = std::ranges::find_if(
      merchants, [&](const auto& merchant) { return !path.empty() && merchant->path == path; });
  if (by_path != merchants.end()) return static_cast<std::size_t>(by_path - merchants.begin());
  const auto by_serial = std::ranges::find_if(merchants, [&](const auto& merchant) {
    return merchant->platform_keys.find(request.find("Wechatpay-Serial")) != nullptr;
  });
  if (by_serial != merchants.end()) return static_cast<std::size_t>(by_serial - merchants.begin());
  return 0;
}

/// Adds the public keys of --certificate under the id that the request names.
void add_public_keys(const CapturedRequest& request, KeyRing& ring) {
  for (const std::string& pem : ring.public_keys) {
    // The id of a request that names a certificate is refused here, and its serial stays unknown.
    static_cast<void>(ring.merchants.front()->platform_keys.add_public_key(
        request.find("Wechatpay-Serial"), pem));
  }
}

void print_text(const Verification& result, std::ostream& out) {
  out << base::printable(result.source) << '\n';
  Table table{"step", "ok", "detail"};
  for (const VerificationStep& step : result.steps) {
    table.add({step.name, step.ok ? "yes" : "NO", step.detail});
  }
  table.print(out);
  if (!result.cause.empty()) out << "cause   " << base::printable(result.cause) << '\n';
  if (!result.repair.empty()) out << "repair  " << base::printable(result.repair) << '\n';
  out << '\n';
}

void print_json(const Verification& result, std::ostream& out) {
  const auto text_or_null = [](base::JsonWriter& json, std::string_view key,
                               std::string_view text) {
    if (text.empty()) {
      json.null(key);
    } else {
      json.text(key, text);
    }
  };
  base::JsonWriter json;
  json.begin().text("file", result.source).begin_list("steps");
  for (const VerificationStep& step : result.steps) {
    json.begin().text("step", step.name).boolean("ok", step.ok).text("detail", step.detail).end();
  }
  json.end_list();
  text_or_null(json, "cause", result.cause);
  text_or_null(json, "repair", result.repair);
  if (result.event) {
    json.begin("event")
        .text("id", result.event->id)
        .text("event_type", result.event->event_type)
        .text("create_time", result.event->create_time);
    text_or_null(json, "flaw", result.event->flaw);
    json.end();
  } else {
    json.null("event");
  }
  if (result.fact) {
    json.begin("fact")
        .text("kind", result.fact->kind)
        .text("stock_id", result.fact->stock_id)
        .text("coupon", result.fact->coupon)
        .text("transaction_id", result.fact->transaction_id)
        .text("business_key", result.fact->business_key)
        .text("occurred_at", result.fact->occurred_at)
        .end();
  } else {
    json.null("fact");
  }
  json.begin("reply")
      .number("status",
              row(result.verdict).status == kSuccessStatus ? 204U : row(result.verdict).status)
      .text("code", row(result.verdict).code)
      .end();
  out << json.end().take() << '\n';
}

Exit verify(const VerifyOptions& options, const CommonOptions& common, Runtime& runtime) {
  std::vector<Problem> problems;
  std::optional<KeyRing> ring;
  if (options.api_v3_key.empty() && options.certificates.empty()) {
    ring = keys_from_config(common, runtime);
    if (!ring) return Exit::kUsage;
  } else {
    ring = keys_from_options(options, problems);
  }
  std::vector<CapturedRequest> requests;
  for (const auto& file : options.files) {
    for (CapturedRequest& request : read_captures(file, problems)) {
      requests.push_back(std::move(request));
    }
  }
  print_problems(runtime, problems);
  if (!problems.empty()) return Exit::kUsage;
  std::size_t stored = 0;
  for (const CapturedRequest& request : requests) {
    add_public_keys(request, *ring);
    const std::size_t merchant = choose_merchant_of(request, *ring);
    const Verification result = verify_capture(
        request, {*ring->merchants[merchant], ring->rules, ring->key_names[merchant]},
        runtime.clock());
    stored += result.would_be_stored() ? 1U : 0U;
    if (options.json) {
      print_json(result, runtime.out);
    } else {
      print_text(result, runtime.out);
    }
  }
  if (!options.json) {
    runtime.out << stored << " of " << requests.size() << " would be stored.\n";
  }
  return stored == requests.size() ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void declare_verify(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<VerifyOptions>();
  Options options =
      line.add("verify", "Explain step by step whether captured callbacks would be accepted",
               [chosen, &common, &runtime] { return verify(*chosen, common, runtime); });
  options.required_paths("FILE", chosen->files,
                         "Captured callbacks: raw HTTP, HAR, JSON with headers and body, or log "
                         "lines of nginx or HAProxy");
  add_merchant_options(options, common);
  options.path("--key", chosen->api_v3_key,
               "File with the APIv3 key; with this or --certificate, no configuration is read");
  options.texts("--certificate", chosen->certificates,
                "Platform certificate or WeChat Pay public key (PEM file); may be repeated");
  options.flag("--json", chosen->json, "Print one JSON object for each callback");
  options.epilogue(
      "Nothing is sent or stored. The exit code is 0 if every callback would be stored, its age "
      "aside.");
}

}  // namespace couponhook::server
