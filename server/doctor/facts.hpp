#pragma once

/// \file
/// Facts from which a diagnosis is made, without any judgement of them.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config.hpp"

namespace couponhook::server {

/// A certificate in a file that the configuration names.
struct CertificateFacts {
  std::string file;
  std::string serial;       ///< in upper-case hexadecimal
  std::string common_name;  ///< common name of the subject; empty if it has none
  std::string key_digest;   ///< digest of the public key; certificates of one key have the same
  std::chrono::sys_seconds expires_at;
  std::chrono::sys_seconds begins_at{};
};

/// The certificate chain that the listener sends to clients.
struct TlsFacts {
  std::string file;
  std::chrono::sys_seconds expires_at;
  std::size_t certificates = 0;  ///< number of certificates in the file
  bool self_signed = false;      ///< true: the first certificate is its own issuer
  std::string verify_error;      ///< result of verifying with the system's CAs; empty: valid
  std::chrono::sys_seconds begins_at{};
  /// Position in the file, from 1, of the first certificate that did not sign the one before it; 0:
  /// none.
  std::size_t out_of_order = 0;
  /// Position in the file, from 1, of the first expired certificate after the server's own; 0:
  /// none.
  std::size_t expired_issuer = 0;
};

/// A callback setting, as stored at WeChat Pay.
struct CallbackFacts {
  std::string product;  ///< name of the product: favor or busifavor
  std::string url;      ///< empty: no URL is set
  std::vector<std::string> broken_rules;
  std::string tls_trouble{};  ///< fault of the certificate at this URL, because of which a client
                              ///< does not connect; empty: none
  std::string trouble{};      ///< other fault that a test request from this machine found; empty:
                              ///< none
};

/// Results of calls to WeChat Pay.
struct ApiFacts {
  std::string failure;  ///< reason why no trustworthy answer came; empty: one came
  std::optional<std::chrono::seconds> clock_ahead;  ///< this machine's clock minus WeChat Pay's,
                                                    ///< from the Date header
  std::vector<CallbackFacts> callbacks;
  std::string signed_with{};  ///< serial of the key that signed the reply; empty: unsigned
};

/// Facts about one configured merchant.
struct MerchantFacts {
  std::string mchid;
  std::string path;
  std::chrono::seconds timestamp_tolerance{300};
  std::vector<CertificateFacts> certificates;  ///< in the places configured for platform
                                               ///< certificates
  std::size_t public_keys = 0;
  std::vector<std::string> public_key_ids;
  std::vector<std::string> public_key_digests;
  bool fetches_certificates = false;  ///< true: fetched certificates are written to a folder
  bool has_api = false;
  std::string api_certificate_serial;
  std::string api_key_digest;  ///< digest of the merchant's own key; empty: the key cannot be read
  bool api_key_readable_by_all = false;
  bool v2_key_is_v3_key = false;
  std::optional<ApiFacts> api;  ///< nothing: WeChat Pay was not called
};

/// Facts that the running service reports.
struct ServiceFacts {
  std::string failure;  ///< reason why the service did not answer; empty: it answered
  bool ready = true;
  std::uint64_t stored = 0;
  std::uint64_t sealed = 0;                       ///< number of sealed bodies in quarantine now
  std::map<std::string, std::uint64_t> rejected;  ///< key: the reply's error code
  std::vector<std::string> unknown_serials{};     ///< unknown serials in requests
  /// Units of the reload (as in reload.hpp) whose new files were refused, with the reason.
  std::map<std::string, std::string> refused_units{};
  /// Files of TLS certificates that are in use and have expired.
  std::vector<std::string> expired_certificates{};
  std::vector<std::string> unkept_certificates{};    ///< reasons why fetched certificates are only
                                                     ///< in memory
  std::uint64_t unreadable = 0;                      ///< stored notifications whose content could
                                                     ///< not be understood
  std::map<std::string, std::uint64_t> unclaimed{};  ///< open deliveries by handler, for handlers
                                                     ///< that are not configured
  std::vector<std::string> pauses{};                 ///< current pauses, in words
};

struct DoctorFacts {
  std::vector<Problem> problems;      ///< the problems that `check` reports too
  std::vector<Problem> unwritable{};  ///< places where the service must write but cannot
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
