#pragma once

/// \file
/// What a diagnosis is made from: everything that was found out, and nothing that it means.

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
  std::string serial;       ///< upper-case hexadecimal
  std::string common_name;  ///< of the subject; empty where it has none
  std::string key_digest;   ///< of the public key: two of one key have the same
  std::chrono::sys_seconds expires_at;
  std::chrono::sys_seconds begins_at{};
};

/// The chain that the listener shows to WeChat Pay.
struct TlsFacts {
  std::string file;
  std::chrono::sys_seconds expires_at;
  std::size_t certificates = 0;  ///< in the file
  bool self_signed = false;      ///< the first one is its own issuer
  std::string verify_error;      ///< against the system's certificates; empty: none
  std::chrono::sys_seconds begins_at{};
  /// The place in the file of the first certificate that did not sign the one before; 0: none.
  std::size_t out_of_order = 0;
  /// The place of the first certificate behind the server's that has expired; 0: none.
  std::size_t expired_issuer = 0;
};

/// A setting at WeChat Pay.
struct CallbackFacts {
  std::string product;  ///< favor or busifavor
  std::string url;      ///< empty: none is set
  std::vector<std::string> broken_rules;
  std::string tls_trouble{};  ///< why who verifies its certificate does not connect; empty: none
  std::string trouble{};      ///< what else came of trying it from here; empty: nothing
};

/// What was learned by asking WeChat Pay.
struct ApiFacts {
  std::string failure;  ///< why there was no trustworthy answer; empty: there was one
  std::optional<std::chrono::seconds> clock_ahead;  ///< ours before theirs, by the Date header
  std::vector<CallbackFacts> callbacks;
  std::string signed_with{};  ///< the serial of the key that signed the reply; empty: none did
};

/// One merchant as it is set up.
struct MerchantFacts {
  std::string mchid;
  std::string path;
  std::chrono::seconds timestamp_tolerance{300};
  std::vector<CertificateFacts> certificates;  ///< where platform certificates belong
  std::size_t public_keys = 0;
  std::vector<std::string> public_key_ids;
  std::vector<std::string> public_key_digests;
  bool fetches_certificates = false;  ///< into a folder
  bool has_api = false;
  std::string api_certificate_serial;
  std::string api_key_digest;  ///< of the merchant's own key; empty where it cannot be read
  bool api_key_readable_by_all = false;
  bool v2_key_is_v3_key = false;
  std::optional<ApiFacts> api;  ///< nothing where nobody asked
};

/// What the running service counts.
struct ServiceFacts {
  std::string failure;  ///< why it did not answer; empty: it did
  bool ready = true;
  std::uint64_t stored = 0;
  std::uint64_t sealed = 0;                       ///< in quarantine now
  std::map<std::string, std::uint64_t> rejected;  ///< by code
  std::vector<std::string> unknown_serials{};     ///< that requests named
  /// Units whose files are not in force, as reload.hpp names them, with the reason.
  std::map<std::string, std::string> refused_units{};
  /// TLS certificates in force that have expired, by file.
  std::vector<std::string> expired_certificates{};
  std::vector<std::string> unkept_certificates{};    ///< why fetched ones are in memory only
  std::uint64_t unreadable = 0;                      ///< kept, without a fact
  std::map<std::string, std::uint64_t> unclaimed{};  ///< open deliveries by unknown handler
  std::vector<std::string> pauses{};                 ///< in words
};

struct DoctorFacts {
  std::vector<Problem> problems;      ///< what `check` would say
  std::vector<Problem> unwritable{};  ///< places where the service must write and cannot
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
