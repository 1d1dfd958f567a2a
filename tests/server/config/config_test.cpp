// Tests of the configuration file: every setting has its documented meaning, and every mistake is
// reported with a remedy. The tests read TOML texts from a temporary folder, with their own
// environment variables.

#include "server/config/config.hpp"

#include <gmock/gmock.h>

#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kMinimal = R"(
[listener]
tls_certificate = "tls/server.crt"
tls_private_key = "tls/server.key"
[admin]
token_file = "secrets/admin_token"
[[merchant]]
mchid = "1900000001"
path = "/notify/1900000001"
api_v3_key_files = ["secrets/api_v3_key"]
platform_certificates = ["wechatpay/platform_cert.pem"]
)";

class ConfigFile : public ::testing::Test {
 protected:
  boost::system::result<Config, std::vector<Problem>> load(const std::string& text) {
    const auto file = folder_.write("couponhook.toml", text);
    return load_config(file, [](std::string_view name) -> std::optional<std::string> {
      if (name == "DATABASE") return "sqlite:elsewhere.db";
      if (name == "PORT") return " 443";
      if (name == "OFF") return "false";
      if (name == "NUMBER") return "70000";
      if (name == "EMPTY") return "";
      if (name == "WORD") return "hunter2";
      return std::nullopt;
    });
  }
  /// Loads the text as a configuration file, and returns each problem as "key: message".
  std::vector<std::string> problems(const std::string& text) {
    const auto config = load(text);
    std::vector<std::string> lines;
    if (config) return lines;
    const std::string file = (folder_.path() / "couponhook.toml").string() + ": ";
    for (const Problem& problem : config.error()) {
      EXPECT_EQ(problem.where.substr(0, file.size()), file);
      lines.push_back(problem.where.substr(file.size()) + ": " + problem.message);
    }
    return lines;
  }

  support::TemporaryFolder folder_;
};

TEST_F(ConfigFile, HasTheContractsDefaults) {
  const auto config = load(std::string(kMinimal));

  ASSERT_TRUE(config) << config.error().front().message;
  EXPECT_EQ(config->listener.address, "0.0.0.0");
  EXPECT_EQ(config->listener.port, 8443);
  EXPECT_EQ(config->listener.max_connections, 10000U);
  EXPECT_EQ(config->listener.max_body_bytes, 2097152U);
  EXPECT_EQ(config->listener.reply_budget, milliseconds(4000));
  EXPECT_EQ(config->listener.success_status, 204U);
  EXPECT_EQ(config->admin.address, "127.0.0.1");
  EXPECT_EQ(config->admin.port, 9443);
  EXPECT_EQ(config->store.url, "sqlite:data/couponhook.db");
  EXPECT_EQ(config->store.retention_payload_days, 30);
  EXPECT_EQ(config->store.retention_id_days, 180);
  EXPECT_EQ(config->store.retention_quarantine_days, 180);
  EXPECT_EQ(config->store.retention_ledger_days, 0);
  EXPECT_EQ(config->store.retention_audit_days, 400);
  EXPECT_EQ(config->store.maintenance_interval, seconds(3600));
  EXPECT_EQ(config->merchants.front().timestamp_tolerance, seconds(300));
}

TEST_F(ConfigFile, TakesNumbersAndBooleansFromTheEnvironment) {
  std::string text(kMinimal);
  text.insert(text.find("tls_certificate"),
              "port = \"${PORT}\"\ntls = ${OFF}\nsuccess_status = \"20${EMPTY}0\"\n"
              "max_connections = ${PORT}\nreply_budget_ms = \"${PORT}0\"\n");
  const auto config = load(text);
  ASSERT_TRUE(config) << config.error().front().where << config.error().front().message;
  EXPECT_EQ(config->listener.port, 443);
  EXPECT_FALSE(config->listener.tls);
  EXPECT_EQ(config->listener.success_status, 200U);
  EXPECT_EQ(config->listener.max_connections, 443U);
  EXPECT_EQ(config->listener.reply_budget, milliseconds(4430));
}

TEST_F(ConfigFile, NamesTheVariableThatIsNoNumberOrBooleanAndNotItsValue) {
  const auto problem = [&](const std::string& line) {
    std::string text(kMinimal);
    text.insert(text.find("tls_certificate"), line + "\n");
    return testing::PrintToString(problems(text));
  };
  for (const std::string name : {"NUMBER", "EMPTY", "WORD"}) {
    EXPECT_THAT(problem("port = ${" + name + "}"),
                AllOf(HasSubstr("listener.port: must be a whole number from 0 to 65535"),
                      HasSubstr("${" + name + "}"), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(problem("tls = \"${WORD}\""), AllOf(HasSubstr("listener.tls: must be true or false"),
                                                  HasSubstr("${WORD}"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(problem("success_status = ${PORT}"), HasSubstr("must be 200 or 204"));
  EXPECT_THAT(problem("port = ${ABSENT}"), HasSubstr("ABSENT, which is not set"));
  EXPECT_THAT(problem("port = \"443\""), HasSubstr("without quotes"));
}

TEST_F(ConfigFile, StripsInvisibleCharactersAroundValues) {
  const auto config = load(R"(
[listener]
address = " 127.0.0.1\u00a0"
tls_certificate = "tls/server.crt "
tls_private_key = "\ufefftls/server.key"
[admin]
token_file = "secrets/admin_token\t"
[[merchant]]
mchid = " 1900000001\u200b"
path = "/notify/1900000001\u3000"
api_v3_key_files = [" secrets/api_v3_key"]
[[merchant.platform_public_key]]
id = "pub_key_id_0114\u200b"
file = "wechatpay/pub_key.pem"
[merchant.api]
private_key_file = "key.pem"
certificate_serial = "serial=0x5d:ea"
[[handler]]
name = "x"
type = "exec"
command = ["true", " kept "]
events = ["COUPON.* "]
)");
  ASSERT_TRUE(config) << config.error().front().where << config.error().front().message;
  EXPECT_EQ(config->listener.address, "127.0.0.1");
  EXPECT_EQ(config->listener.tls_certificate.filename(), "server.crt");
  EXPECT_EQ(config->listener.tls_private_key, folder_.path() / "tls/server.key");
  EXPECT_EQ(config->admin.token_file.filename(), "admin_token");
  const MerchantConfig& merchant = config->merchants.front();
  EXPECT_EQ(merchant.mchid, "1900000001");
  EXPECT_EQ(merchant.path, "/notify/1900000001");
  EXPECT_EQ(merchant.api_v3_key_files.front(), folder_.path() / "secrets/api_v3_key");
  EXPECT_EQ(merchant.platform_public_keys.front().id, "PUB_KEY_ID_0114");
  EXPECT_EQ(merchant.api->certificate_serial, "5DEA");
  EXPECT_EQ(config->handlers.front().events.front(), "COUPON.*");
  EXPECT_EQ(std::get<ExecHandlerConfig>(config->handlers.front().own).command.back(), " kept ");
}

TEST_F(ConfigFile, TakesEveryKeyOfTheContract) {
  const auto config = load(R"(
[listener]
address = "0.0.0.0"
port = 8443
tls_certificate = "tls/server.crt"
tls_private_key = "tls/server.key"
tls = true
trusted_proxies = ["10.0.0.0/8"]
max_connections = 10000
max_body_bytes = 2097152
reply_budget_ms = 4000
success_status = 204
threads = 0
[admin]
address = "127.0.0.1"
port = 9443
token_file = "secrets/admin_token"
[store]
url = "sqlite:data/couponhook.db"
retention_payload_days = 30
retention_id_days = 180
[[merchant]]
mchid = "1900000001"
path = "/notify/1900000001"
api_v3_key_files = ["secrets/api_v3_key"]
platform_certificates = ["wechatpay/platform_cert.pem"]
timestamp_tolerance_s = 300
[[merchant.platform_public_key]]
id = "PUB_KEY_ID_0000000000000000000000000000"
file = "wechatpay/pub_key.pem"
[merchant.api]
private_key_file = "secrets/apiclient_key.pem"
certificate_serial = "0A"
api_v2_key_file = "secrets/api_v2_key"
base_url = "https://api.mch.weixin.qq.com"
ca_file = ""
certificate_directory = "wechatpay/certificates"
certificate_refresh_minutes = 60
[[handler]]
name = "ledger"
type = "ledger"
events = ["COUPON.*", "REFUND.*"]
[[handler]]
name = "crm"
type = "http"
url = "https://crm.example/hooks/coupons"
secret_file = "secrets/crm_secret"
events = ["COUPON.USE"]
ack = "stored"
timeout_ms = 2000
max_attempts = 25
retry_initial_ms = 1000
retry_max_ms = 600000
concurrency = 8
)");

  ASSERT_TRUE(config) << config.error().front().where << config.error().front().message;
  EXPECT_EQ(config->merchants.front().platform_public_keys.front().file,
            folder_.path() / "wechatpay/pub_key.pem");
  EXPECT_EQ(config->handlers.back().outward.ack, AckMode::kStored);
}

TEST_F(ConfigFile, ResolvesPathsAgainstItsOwnFolder) {
  const auto config = load(std::string(kMinimal));

  ASSERT_TRUE(config);
  EXPECT_EQ(config->admin.token_file, folder_.path() / "secrets/admin_token");
}

TEST_F(ConfigFile, PutsTheEnvironmentIntoAnyString) {
  const auto config = load("[store]\nurl = \"${DATABASE}\"\n" + std::string(kMinimal));

  ASSERT_TRUE(config);
  EXPECT_EQ(config->store.url, "sqlite:elsewhere.db");
}

TEST_F(ConfigFile, NamesAnEnvironmentVariableThatIsNotSet) {
  EXPECT_THAT(problems("[store]\nurl = \"${NOWHERE}\"\n" + std::string(kMinimal)),
              ElementsAre(AllOf(HasSubstr("store.url"), HasSubstr("NOWHERE"))));
}

TEST_F(ConfigFile, SaysThatAPlaceholderHasNoName) {
  EXPECT_THAT(problems("[store]\nurl = \"${}\"\n" + std::string(kMinimal)),
              ElementsAre(HasSubstr("store.url: has \"${}\", which names no environment")));
}

TEST_F(ConfigFile, ReportsAnInvalidValueNotAMissingKey) {
  for (const char* value : {"\"${NOWHERE}\"", "1900000001"}) {
    std::string text(kMinimal);
    text.replace(text.find("\"1900000001\""), 12, value);
    EXPECT_THAT(problems(text),
                ElementsAre(AllOf(HasSubstr("merchant[1].mchid"), Not(HasSubstr("is missing")))));
  }
}

TEST_F(ConfigFile, NamesTheTwoStatusesThatMeanSuccess) {
  for (const char* status : {"500", "202", "\"204\""}) {
    std::string text(kMinimal);
    text.insert(text.find("tls_certificate"), std::string("success_status = ") + status + "\n");
    EXPECT_THAT(problems(text), ElementsAre(HasSubstr("success_status: must be 200 or 204")));
  }
}

std::string with_listeners(const std::string& listener, const std::string& admin) {
  std::string text(kMinimal);
  text.insert(text.find("token_file"),
              admin + "\ntls_certificate = \"c\"\ntls_private_key = \"k\"\n");
  text.insert(text.find("tls_certificate"), listener + "\n");
  return text;
}

TEST_F(ConfigFile, RejectsOnePortForBothListeners) {
  const auto both_named = AllOf(HasSubstr("admin.port"), HasSubstr("listener.port"));
  for (const auto& [listener, admin] : std::vector<std::pair<std::string, std::string>>{
           {"address = \"10.0.0.1\"\nport = 9443", "address = \"10.0.0.1\""},
           {"address = \"0.0.0.0\"\nport = 9443", "address = \"127.0.0.1\""},
           {"address = \"::\"\nport = 9443", "address = \"127.0.0.1\""},
           {"address = \"127.0.0.1\"", "address = \"0.0.0.0\"\nport = 8443"}}) {
    EXPECT_THAT(problems(with_listeners(listener, admin)), ElementsAre(both_named));
  }
}

TEST_F(ConfigFile, AcceptsListenersThatDoNotOverlap) {
  for (const auto& [listener, admin] : std::vector<std::pair<std::string, std::string>>{
           {"address = \"10.0.0.1\"\nport = 9443", "address = \"10.0.0.2\""},
           {"address = \"0.0.0.0\"\nport = 9443", "address = \"::1\""},
           {"address = \"127.0.0.1\"\nport = 0", "address = \"127.0.0.1\"\nport = 0"}}) {
    EXPECT_THAT(problems(with_listeners(listener, admin)), ElementsAre());
  }
}

TEST_F(ConfigFile, RefusesAFirstRetryLaterThanTheLongest) {
  const std::string handler = R"(
[[handler]]
name = "script"
type = "exec"
command = ["true"]
events = ["COUPON.*"]
retry_max_ms = 500
)";
  EXPECT_THAT(problems(std::string(kMinimal) + handler + "retry_initial_ms = 501\n"),
              ElementsAre(AllOf(HasSubstr("retry_initial_ms"), HasSubstr("retry_max_ms"))));
  EXPECT_THAT(problems(std::string(kMinimal) + handler), ElementsAre());
}

TEST_F(ConfigFile, RefusesAnUnknownKeyAndNamesTheNearest) {
  EXPECT_THAT(problems("[store]\nurll = \"x\"\n" + std::string(kMinimal)),
              ElementsAre(AllOf(HasSubstr("store.urll"), HasSubstr("did you mean \"url\""))));
}

TEST_F(ConfigFile, RefusesAnUnknownTable) {
  EXPECT_THAT(problems("[storage]\nurl = \"x\"\n" + std::string(kMinimal)),
              ElementsAre(HasSubstr("storage: is not a key here")));
}

TEST_F(ConfigFile, ReportsEveryProblemAtOnce) {
  EXPECT_THAT(problems(R"(
[listener]
port = 70000
tls = false
success_status = 201
[admin]
address = "10.0.0.1"
token_file = "t"
[[merchant]]
mchid = "1"
path = "/n?x=1"
api_v3_key_files = ["k"]
platform_certificates = ["c"]
)"),
              ElementsAre(HasSubstr("listener.port"), HasSubstr("listener.success_status"),
                          HasSubstr("admin.tls_certificate"), HasSubstr("admin.tls_private_key"),
                          AllOf(HasSubstr("merchant[1].path"), HasSubstr("query"))));
}

TEST_F(ConfigFile, RefusesTwoMerchantsOnOnePath) {
  EXPECT_THAT(problems(std::string(kMinimal) + R"(
[[merchant]]
mchid = "1900000002"
path = "/notify/1900000001"
api_v3_key_files = ["k"]
platform_certificates = ["c"]
)"),
              ElementsAre(HasSubstr("merchant.path")));
}

TEST_F(ConfigFile, RefusesToForgetIdsBeforePayloads) {
  EXPECT_THAT(problems("[store]\nretention_id_days = 7\n" + std::string(kMinimal)),
              ElementsAre(HasSubstr("store.retention_id_days")));
  EXPECT_THAT(problems("[store]\nretention_payload_days = 0\n" + std::string(kMinimal)),
              ElementsAre(HasSubstr("store.retention_id_days")));
}

TEST_F(ConfigFile, RefusesToForgetIdsThatMayComeAgain) {
  EXPECT_THAT(problems("[store]\nretention_payload_days = 1\nretention_id_days = 1\n" +
                       std::string(kMinimal)),
              ElementsAre(HasSubstr("at least 2")));
}

TEST_F(ConfigFile, RefusesToForgetFactsBeforeIds) {
  EXPECT_THAT(problems("[store]\nretention_ledger_days = 100\n" + std::string(kMinimal)),
              ElementsAre(HasSubstr("store.retention_ledger_days")));
}

TEST_F(ConfigFile, ReadsTokensWithNamesAndRoles) {
  const auto config = load(std::string(kMinimal) +
                           "[[admin.token]]\nname = \"grafana\"\nrole = \"read\"\nfile = \"a\"\n"
                           "[[admin.token]]\nname = \"lin\"\nrole = \"operate\"\nfile = \"b\"\n");
  ASSERT_TRUE(config);
  const auto tokens = admin_tokens(config->admin);
  ASSERT_EQ(tokens.size(), 3U);
  EXPECT_EQ(tokens[0].name, "admin");
  EXPECT_EQ(tokens[0].role, TokenRole::kOperate);
  EXPECT_EQ(tokens[1].name, "grafana");
  EXPECT_EQ(tokens[1].role, TokenRole::kRead);
  EXPECT_EQ(tokens[2].file, folder_.path() / "b");
  EXPECT_EQ(tokens[2].role, TokenRole::kOperate);
}

TEST_F(ConfigFile, NeedsNoTokenFileBesideOtherTokens) {
  std::string text(kMinimal);
  const std::string line = "token_file = \"secrets/admin_token\"\n";
  text.erase(text.find(line), line.size());
  EXPECT_THAT(problems(text), ElementsAre(AllOf(HasSubstr("admin.token_file: is missing"),
                                                HasSubstr("[[admin.token]]"))));
  const auto config =
      load(text + "[[admin.token]]\nname = \"lin\"\nrole = \"operate\"\nfile = \"b\"\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(admin_tokens(config->admin).size(), 1U);
}

TEST_F(ConfigFile, NamesWhatIsWrongWithATokenAndItsRepair) {
  const auto with = [](std::string_view keys) {
    return std::string(kMinimal) + "[[admin.token]]\n" + std::string(keys);
  };
  EXPECT_THAT(
      problems(with("name = \"lin\"\nrole = \"operat\"\nfile = \"b\"\n")),
      ElementsAre(AllOf(HasSubstr("admin.token[1].role"), HasSubstr("did you mean \"operate\"?"))));
  EXPECT_THAT(problems(with("name = \"lin\"\nfile = \"b\"\n")),
              ElementsAre(HasSubstr("admin.token[1].role: is missing")));
  EXPECT_THAT(problems(with("name = \"lin chen\"\nrole = \"read\"\nfile = \"b\"\n")),
              ElementsAre(HasSubstr("admin.token[1].name: must be 1 to 64 letters")));
  EXPECT_THAT(problems(with("name = \"admin\"\nrole = \"read\"\nfile = \"b\"\n")),
              ElementsAre(HasSubstr("the name of the token in admin.token_file")));
  EXPECT_THAT(problems(with("name = \"lin\"\nrole = \"read\"\n")),
              ElementsAre(HasSubstr("admin.token[1].file: is missing")));
  EXPECT_THAT(problems(with("name = \"a\"\nrole = \"read\"\nfile = \"b\"\n"
                            "[[admin.token]]\nname = \"a\"\nrole = \"read\"\nfile = \"c\"\n")),
              ElementsAre(HasSubstr("admin.token[2].name: \"a\" is there twice")));
}

TEST_F(ConfigFile, KeepsForEverWhatIsKeptForNoDays) {
  const auto config =
      load("[store]\nretention_payload_days = 0\nretention_id_days = 0\n" + std::string(kMinimal));
  ASSERT_TRUE(config) << config.error().front().message;
  EXPECT_EQ(config->store.retention_id_days, 0);
}

TEST_F(ConfigFile, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(problems("[listener]\nport = = 1\n"), ElementsAre(HasSubstr("line 2")));
}

TEST_F(ConfigFile, SaysWhatToDoWhereThereIsNoFile) {
  const auto config = load_config(folder_.path() / "none.toml", process_environment());

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().front().message, HasSubstr("couponhook init"));
}

constexpr std::string_view kApi = R"(
[merchant.api]
private_key_file = "secrets/apiclient_key.pem"
certificate_serial = "0A"
)";
constexpr std::string_view kOtherMerchant = R"(
[[merchant]]
mchid = "1900000002"
path = "/notify/1900000002"
api_v3_key_files = ["secrets/other_key"]
)";

TEST_F(ConfigFile, KeepsFetchedCertificatesBesideAnSqliteStore) {
  const std::string text = std::string(kMinimal) + std::string(kApi);
  for (const auto& [url, folder] : {std::pair("sqlite:data/couponhook.db", "data/certificates"),
                                    std::pair("sqlite:couponhook.db", "certificates")}) {
    const auto config = load("[store]\nurl = \"" + std::string(url) + "\"\n" + text);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->merchants.front().api->certificate_directory, folder_.path() / folder);
    EXPECT_TRUE(config->merchants.front().fetches_certificates());
  }
}

TEST_F(ConfigFile, KeepsFetchedCertificatesWhereItSaysOrInMemory) {
  const std::string text = std::string(kMinimal) + std::string(kApi);
  const std::string postgres = "[store]\nurl = \"postgresql://me@db/coupons\"\n";
  const std::string named = "certificate_directory = \"kept\"\n";
  const auto directory_of = [&](const std::string& whole) {
    const auto config = load(whole);
    EXPECT_TRUE(config);
    EXPECT_TRUE(config->merchants.front().fetches_certificates());
    return config->merchants.front().api->certificate_directory;
  };
  EXPECT_EQ(directory_of(postgres + text), "");
  EXPECT_EQ(directory_of(postgres + text + named), folder_.path() / "kept");
  EXPECT_EQ(directory_of(text + named), folder_.path() / "kept");
  EXPECT_EQ(directory_of(text + "certificate_directory = \"\"\n"), "");
}

TEST_F(ConfigFile, KeepsTheCertificatesOfSeveralMerchantsApart) {
  const std::string text =
      std::string(kMinimal) + std::string(kApi) + std::string(kOtherMerchant) + std::string(kApi);
  const auto config = load(text);

  ASSERT_TRUE(config);
  const auto folder = folder_.path() / "data/certificates";
  EXPECT_EQ(config->merchants[0].api->certificate_directory, folder / "1900000001");
  EXPECT_EQ(config->merchants[1].api->certificate_directory, folder / "1900000002");

  const auto one_named = load(text + "certificate_directory = \"kept\"\n");
  ASSERT_TRUE(one_named);
  EXPECT_EQ(one_named->merchants[0].api->certificate_directory, folder);
  EXPECT_EQ(one_named->merchants[1].api->certificate_directory, folder_.path() / "kept");
}

}  // namespace
}  // namespace couponhook::server
