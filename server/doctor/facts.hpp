#pragma once

/// \file
/// Facts that `doctor` collects about a set-up. The facts contain no judgement; diagnose() turns
/// the facts into findings.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config.hpp"

namespace couponhook::server {

/// Facts about a certificate in a file that the configuration names.
struct CertificateFacts {
  std::string file;
  /// Serial of the certificate, in upper-case hexadecimal.
  std::string serial;
  /// Common name of the certificate's subject; empty if it has none.
  std::string common_name;
  /// Digest of the public key. Certificates with the same key have the same digest.
  std::string key_digest;
  std::chrono::sys_seconds expires_at;
  std::chrono::sys_seconds begins_at{};
};

/// Facts about the certificate chain that the public listener sends to clients.
struct TlsFacts {
  std::string file;
  std::chrono::sys_seconds expires_at;
  /// Number of certificates in the file of the public listener (listener.tls_certificate).
  std::size_t certificates = 0;
  /// True if the first certificate in the file is self-signed (its own issuer).
  bool self_signed = false;
  /// Error of verifying the chain with the system's CA certificates; empty if the chain is valid.
  std::string verify_error;
  std::chrono::sys_seconds begins_at{};
  /// Position in the file, from 1, of the first certificate that did not sign the certificate
  /// before it; 0 if there is none.
  std::size_t out_of_order = 0;
  /// Position in the file, from 1, of the first expired certificate after the server's own; 0 if
  /// there is none.
  std::size_t expired_issuer = 0;
};

/// A callback setting (notification URL of one product), as WeChat Pay has stored it.
struct CallbackFacts {
  /// Name of the product: "favor" (代金券) or "busifavor" (商家券).
  std::string product;
  /// Notification URL of the product; empty if no URL is set.
  std::string url;
  std::vector<std::string> broken_rules;
  /// Fault of the TLS certificate at this URL that keeps clients from connecting; empty if there is
  /// none.
  std::string tls_problem{};
  /// Any other fault of the notification URL that a test request from this machine found; empty if
  /// there is none.
  std::string http_problem{};
};

/// Results of API calls to WeChat Pay for one merchant.
struct ApiFacts {
  /// Reason why WeChat Pay sent no reply with a valid signature; empty if such a reply came.
  std::string failure;
  /// Difference of this machine's clock from WeChat Pay's clock (the Date header of a reply). A
  /// positive difference means that this machine's clock is ahead.
  std::optional<std::chrono::seconds> clock_ahead;
  std::vector<CallbackFacts> callbacks;
  /// Serial of the key that signed WeChat Pay's reply; empty if the reply was not signed.
  std::string signed_with{};
};

/// Facts about one merchant in the configuration.
struct MerchantFacts {
  std::string mchid;
  std::string path;
  std::chrono::seconds timestamp_tolerance{300};
  /// Certificates in the files and folders that are configured for platform certificates.
  std::vector<CertificateFacts> certificates;
  std::size_t public_keys = 0;
  std::vector<std::string> public_key_ids;
  std::vector<std::string> public_key_digests;
  /// True if the service downloads platform certificates and writes them to a folder.
  bool fetches_certificates = false;
  bool has_api = false;
  std::string api_certificate_serial;
  /// Digest of the merchant's own public key; empty if the key cannot be read.
  std::string api_key_digest;
  bool api_key_readable_by_all = false;
  bool v2_key_is_v3_key = false;
  /// Results of API calls for this merchant; no value if WeChat Pay was not called.
  std::optional<ApiFacts> api;
};

/// Facts that the running service reports on its status endpoint.
struct ServiceFacts {
  /// Reason why the service did not answer; empty if it answered.
  std::string failure;
  bool ready = true;
  std::uint64_t stored = 0;
  /// Number of bodies that are in quarantine now because they could not be decrypted.
  std::uint64_t sealed = 0;
  /// Number of rejected requests; the key is the error code of the reply.
  std::map<std::string, std::uint64_t> rejected;
  /// Key serials that requests named but that no loaded key has.
  std::vector<std::string> unknown_serials{};
  /// A change of requests by a proxy that made their signatures wrong.
  struct ChangedRequests {
    std::string hop;  ///< IP address of the proxy
    std::string cause;
    std::string remedy;
    std::uint64_t requests = 0;
  };
  std::vector<ChangedRequests> changed_requests{};
  /// Reload units (parts of the set-up that are reloaded by themselves) whose new files were
  /// refused, each with the reason.
  std::map<std::string, std::string> refused_units{};
  /// Files of TLS certificates that the listeners use and that have expired.
  std::vector<std::string> expired_certificates{};
  /// Reasons why downloaded platform certificates are only in memory and not in files.
  std::vector<std::string> unsaved_certificates{};
  /// Number of stored notifications whose content could not be understood.
  std::uint64_t unreadable = 0;
  /// Number of open deliveries to handlers that are not configured; the key is the handler's name.
  std::map<std::string, std::uint64_t> unclaimed{};
  /// Active pauses of deliveries, each described as text.
  std::vector<std::string> pauses{};
};

struct DoctorFacts {
  /// Problems of the configuration and its files, which `check` reports too.
  std::vector<Problem> problems;
  /// Folders to which the service must write but cannot.
  std::vector<Problem> unwritable{};
  std::chrono::sys_seconds now;
  std::string listener_address;
  bool listener_tls = true;
  bool has_trusted_proxies = false;
  std::optional<TlsFacts> tls;
  std::vector<MerchantFacts> merchants;
  bool has_ledger = true;
  std::optional<ServiceFacts> service;
};

}  // namespace couponhook::server
