// Checks that `doctor` reports every broken set-up with its consequence and a remedy, and reports
// nothing for a correct set-up. Each test changes one fact about a correct set-up.

#include "server/doctor/diagnose.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr std::chrono::sys_seconds kNow{seconds(1'772'000'000)};

MerchantFacts healthy_merchant() {
  MerchantFacts merchant;
  merchant.mchid = "1900000001";
  merchant.path = "/notify/1900000001";
  merchant.certificates = {
      {"platform.pem", "5DEA", "Tenpay.com sign", "platform", kNow + days(900)}};
  merchant.has_api = true;
  merchant.api_certificate_serial = "3775";
  merchant.api_key_digest = "merchant";
  merchant.api =
      ApiFacts{{}, seconds(1), {{"favor", "https://pay.example.com/notify/1900000001", {}}}};
  return merchant;
}

DoctorFacts healthy() {
  DoctorFacts facts;
  facts.now = kNow;
  facts.listener_address = "0.0.0.0";
  facts.tls = TlsFacts{"server.crt", kNow + days(60), 2, false, {}};
  facts.merchants = {healthy_merchant()};
  facts.service = ServiceFacts{{}, true, 100, 0, {}};
  return facts;
}

Names names(const DoctorFacts& facts) {
  Names found;
  for (const DoctorFinding& finding : diagnose(facts)) {
    EXPECT_FALSE(finding.what.empty() || finding.why.empty() || finding.to_do.empty())
        << finding.name;
    found.push_back(finding.name);
  }
  return found;
}

/// Takes a correct set-up, lets `change` modify its merchant, and returns the names of the problems
/// that `doctor` then finds.
template <typename Change>
Names names_with_merchant(const Change& change) {
  DoctorFacts facts = healthy();
  change(facts.merchants.front());
  return names(facts);
}

Names names_with_rejected(const std::string& code) {
  DoctorFacts facts = healthy();
  facts.service->rejected[code] = 3;
  return names(facts);
}

std::vector<DoctorFinding> findings_with_unknown_serial(const std::string& serial) {
  DoctorFacts facts = healthy();
  facts.service->rejected["SERIAL_UNKNOWN"] = 3;
  facts.service->unknown_serials = {serial};
  return diagnose(facts);
}

TEST(Diagnose, FindsNothingInAHealthySetUp) {
  EXPECT_EQ(names(healthy()), Names{});
}

TEST(Diagnose, IncludesTheFindingsOfCheck) {
  DoctorFacts facts = healthy();
  facts.problems = {{"couponhook.toml: listener.port", "must be a number"}};
  EXPECT_EQ(names(facts), Names{"configuration"});
}

TEST(Diagnose, NamesAMissingLedger) {
  DoctorFacts facts = healthy();
  facts.has_ledger = false;
  EXPECT_EQ(names(facts), Names{"no_ledger"});
}

TEST(Diagnose, NamesAListenerThatOnlyThisMachineReaches) {
  DoctorFacts facts = healthy();
  facts.listener_address = "127.0.0.1";
  EXPECT_EQ(names(facts), Names{"listener_loopback"});
}

TEST(Diagnose, NamesAnUnknownLoadBalancer) {
  DoctorFacts facts = healthy();
  facts.listener_tls = false;
  EXPECT_EQ(names(facts), Names{"proxies_unknown"});
}

TEST(Diagnose, NamesAnExpiredTlsCertificate) {
  DoctorFacts facts = healthy();
  facts.tls->expires_at = kNow - seconds(1);
  facts.tls->verify_error = "certificate has expired";
  EXPECT_EQ(names(facts), Names{"tls_expired"});
}

TEST(Diagnose, NamesATlsCertificateThatExpiresSoon) {
  DoctorFacts facts = healthy();
  facts.tls->expires_at = kNow + days(13);
  EXPECT_EQ(names(facts), Names{"tls_expires"});
}

TEST(Diagnose, NamesATlsCertificateThatIsNotValidYet) {
  DoctorFacts facts = healthy();
  facts.tls->begins_at = kNow + seconds(1);
  EXPECT_EQ(names(facts), Names{"tls_not_valid_yet"});
}

TEST(Diagnose, NamesAChainInTheWrongOrder) {
  DoctorFacts facts = healthy();
  facts.tls->out_of_order = 3;
  EXPECT_EQ(names(facts), Names{"tls_chain_order"});
}

TEST(Diagnose, NamesASelfSignedTlsCertificate) {
  DoctorFacts facts = healthy();
  facts.tls->self_signed = true;
  facts.tls->certificates = 1;
  facts.tls->verify_error = "self-signed certificate";
  EXPECT_EQ(names(facts), Names{"tls_self_signed"});
}

TEST(Diagnose, NamesAMissingIntermediateCertificate) {
  DoctorFacts facts = healthy();
  facts.tls->certificates = 1;
  facts.tls->verify_error = "unable to get local issuer certificate";
  EXPECT_EQ(names(facts), Names{"tls_chain_incomplete"});
}

TEST(Diagnose, NamesAChainOfNoPublicCa) {
  DoctorFacts facts = healthy();
  facts.tls->verify_error = "self-signed certificate in certificate chain";
  EXPECT_EQ(names(facts), Names{"tls_untrusted"});
}

TEST(Diagnose, NamesAMerchantCertificateByItsSerial) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.certificates[0].serial = "3775"; }),
            Names{"merchant_certificate_as_platform"});
}

TEST(Diagnose, NamesAMerchantCertificateByItsKey) {
  EXPECT_EQ(
      names_with_merchant([](MerchantFacts& m) { m.certificates[0].key_digest = "merchant"; }),
      Names{"merchant_certificate_as_platform"});
}

TEST(Diagnose, NamesAMerchantCertificateByItsName) {
  EXPECT_EQ(
      names_with_merchant([](MerchantFacts& m) { m.certificates[0].common_name = "1900000001"; }),
      Names{"merchant_certificate_as_platform"});
}

TEST(Diagnose, NamesAMerchantsPublicKeyInThePlatformsSlot) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) {
              m.public_keys = 1;
              m.public_key_digests = {"merchant"};
            }),
            Names{"merchant_key_as_platform"});
}

TEST(Diagnose, NamesTheDevelopmentKey) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) {
              m.certificates[0].common_name = "couponhook development platform key";
            }),
            Names{"development_key"});
}

TEST(Diagnose, NamesExpiredPlatformCertificates) {
  EXPECT_EQ(names_with_merchant(
                [](MerchantFacts& m) { m.certificates[0].expires_at = kNow - seconds(1); }),
            Names{"certificates_expired"});
}

TEST(Diagnose, NamesAMissingPlatformKey) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.certificates.clear(); }),
            Names{"no_platform_key"});
}

TEST(Diagnose, AcceptsAPublicKeyAlone) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) {
              m.certificates.clear();
              m.public_keys = 1;
            }),
            Names{});
}

TEST(Diagnose, NamesCertificatesThatExpireUnlessTheyAreFetched) {
  const auto expire = [](MerchantFacts& m) { m.certificates[0].expires_at = kNow + days(29); };
  EXPECT_EQ(names_with_merchant(expire), Names{"certificates_expire"});
  EXPECT_EQ(names_with_merchant([&](MerchantFacts& m) {
              expire(m);
              m.fetches_certificates = true;
            }),
            Names{});
}

TEST(Diagnose, NamesKeysInEachOthersSlots) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.v2_key_is_v3_key = true; }),
            Names{"v2_key_as_v3"});
}

TEST(Diagnose, NamesAPrivateKeyThatEverybodyCanRead) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.api_key_readable_by_all = true; }),
            Names{"private_key_readable"});
}

TEST(Diagnose, NamesATimestampToleranceThatAllowsReplays) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.timestamp_tolerance = seconds(301); }),
            Names{"tolerance_wide"});
}

TEST(Diagnose, NamesAnApiThatDoesNotAnswer) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.api->failure = "cannot connect"; }),
            Names{"api_fails"});
}

TEST(Diagnose, NamesAClockThatIsWrongEitherWay) {
  for (const int off : {-300, 300}) {
    EXPECT_EQ(names_with_merchant([&](MerchantFacts& m) { m.api->clock_ahead = seconds(off); }),
              Names{"clock_wrong"});
  }
}

TEST(Diagnose, NamesAClockThatDrifts) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.api->clock_ahead = seconds(-30); }),
            Names{"clock_drifts"});
}

TEST(Diagnose, NamesANotificationUrlThatIsNotSet) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) { m.api->callbacks[0].url.clear(); }),
            Names{"callback_unset"});
}

TEST(Diagnose, NamesANotificationUrlThatBreaksARule) {
  EXPECT_EQ(names_with_merchant(
                [](MerchantFacts& m) { m.api->callbacks[0].broken_rules = {"has a query"}; }),
            Names{"callback_unfit"});
}

TEST(Diagnose, NamesANotificationUrlOfAnotherHost) {
  EXPECT_EQ(names_with_merchant(
                [](MerchantFacts& m) { m.api->callbacks[0].url = "https://pay.example.com/old"; }),
            Names{"callback_elsewhere"});
}

TEST(Diagnose, NamesANotificationUrlWhoseChainCannotBeVerified) {
  EXPECT_EQ(names_with_merchant([](MerchantFacts& m) {
              m.api->callbacks[0].tls_problem = "TLS with pay.example.com port 443 failed";
            }),
            Names{"callback_tls"});
}

TEST(Diagnose, NamesANotificationUrlThatDoesNotAnswerHere) {
  EXPECT_EQ(names_with_merchant(
                [](MerchantFacts& m) { m.api->callbacks[0].http_problem = "answers status 404"; }),
            Names{"callback_unanswered"});
}

TEST(Diagnose, ComparesTheSerialThatWeChatPaySignsWithToThoseLoaded) {
  const auto signed_with = [](std::string serial) {
    return [serial](MerchantFacts& m) { m.api->signed_with = serial; };
  };
  EXPECT_EQ(names_with_merchant(signed_with("005DEA")), Names{});
  EXPECT_EQ(names_with_merchant(signed_with("5dea")), Names{});
  EXPECT_EQ(names_with_merchant(signed_with("6FFF")), Names{"serial_not_loaded"});
  EXPECT_EQ(names_with_merchant([&](MerchantFacts& m) {
              signed_with("PUB_KEY_ID_01")(m);
              m.public_key_ids = {"PUB_KEY_ID_01"};
            }),
            Names{});
}

TEST(Diagnose, NamesAServiceThatDoesNotAnswer) {
  DoctorFacts facts = healthy();
  facts.service->failure = "cannot connect to 127.0.0.1 port 9443";
  EXPECT_EQ(names(facts), Names{"service_silent"});
}

TEST(Diagnose, NamesAServiceThatIsNotReady) {
  DoctorFacts facts = healthy();
  facts.service->ready = false;
  EXPECT_EQ(names(facts), Names{"not_ready"});
}

TEST(Diagnose, NamesHeadersThatAProxyStrips) {
  EXPECT_EQ(names_with_rejected("HEADERS_MISSING"), Names{"headers_stripped"});
}

TEST(Diagnose, NamesRefusedTimestamps) {
  EXPECT_EQ(names_with_rejected("TIMESTAMP_INVALID"), Names{"timestamps_refused"});
}

TEST(Diagnose, NamesSerialsThatWereAskedForAndNotLoaded) {
  EXPECT_EQ(names_with_rejected("SERIAL_UNKNOWN"), Names{"serials_unknown"});
}

TEST(Diagnose, ComparesTheSerialsThatWereAskedForToThoseLoaded) {
  const auto findings = findings_with_unknown_serial("7AAA");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].why.find("7AAA; loaded are 5DEA"), std::string::npos) << findings[0].why;
}

TEST(Diagnose, IgnoresSerialsThatHaveBeenLoadedSince) {
  const auto findings = findings_with_unknown_serial("05DEA");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].name, "serials_were_unknown");
  EXPECT_EQ(findings[0].severity, FindingSeverity::kAdvice);
}

TEST(Diagnose, NamesBodiesThatAProxyChanges) {
  EXPECT_EQ(names_with_rejected("SIGNATURE_INVALID"), Names{"signatures_refused"});
}

TEST(Diagnose, NamesResourcesThatNoKeyOpens) {
  DoctorFacts facts = healthy();
  facts.service->sealed = 1;
  EXPECT_EQ(names(facts), Names{"quarantined"});
}

TEST(Diagnose, NamesWhatTheServiceCouldNotLoad) {
  for (const auto& [unit, severity] :
       {std::pair("merchant:1900000001", FindingSeverity::kBlocking),
        std::pair("listener", FindingSeverity::kBlocking),
        std::pair("config", FindingSeverity::kBlocking), std::pair("admin", FindingSeverity::kSoon),
        std::pair("handler:crm", FindingSeverity::kSoon)}) {
    DoctorFacts facts = healthy();
    facts.service->refused_units[unit] = "tls/admin.crt: has expired";
    const auto findings = diagnose(facts);
    ASSERT_EQ(findings.size(), 1U) << unit;
    EXPECT_EQ(findings[0].name, "unit_refused");
    EXPECT_EQ(findings[0].severity, severity) << unit;
    EXPECT_NE(findings[0].what.find(unit), std::string::npos);
    EXPECT_NE(findings[0].what.find("has expired"), std::string::npos);
  }
}

TEST(Diagnose, NamesAnExpiredCertificateThatTheServiceShows) {
  DoctorFacts facts = healthy();
  facts.service->expired_certificates = {"tls/admin.crt"};
  EXPECT_EQ(names(facts), Names{"served_certificate_expired"});
}

TEST(Diagnose, NamesCertificatesThatAreInMemoryOnly) {
  DoctorFacts facts = healthy();
  facts.service->unsaved_certificates = {
      "merchant 1900000001: certificates: Read-only file system"};
  EXPECT_EQ(names(facts), Names{"certificates_unkept"});
}

TEST(Diagnose, NamesPlacesThatCannotBeWrittenTo) {
  DoctorFacts facts = healthy();
  facts.unwritable = {{"couponhook.toml: store.url: data", "cannot be written to by user nobody"}};
  EXPECT_EQ(names(facts), Names{"place_unwritable"});
}

TEST(Diagnose, ReportsWorkForAnOperator) {
  DoctorFacts facts = healthy();
  facts.service->unreadable = 2;
  EXPECT_EQ(names(facts), Names{"unreadable"});
  facts = healthy();
  facts.service->unclaimed = {{"crm", 3}, {"erp", 1}};
  EXPECT_EQ(names(facts), (Names{"deliveries_unclaimed", "deliveries_unclaimed"}));
  EXPECT_NE(diagnose(facts).at(0).to_do.find("--handler crm --to NEW"), std::string::npos);
  facts = healthy();
  facts.service->pauses = {"handler crm, events any, since today"};
  EXPECT_EQ(names(facts), Names{"paused"});
}

}  // namespace
}  // namespace couponhook::server
