#include "server/commands/signing_key.hpp"

#include <utility>

#include "crypto/file.hpp"
#include "crypto/resource_cipher.hpp"
#include "server/receive/merchants.hpp"

namespace couponhook::server {
namespace {

using MakerResult = boost::system::result<NotificationMaker, std::vector<Problem>>;

MakerResult refuse(std::vector<Problem> problems) {
  return MakerResult(boost::system::in_place_error, std::move(problems));
}

}  // namespace

MakerResult load_notification_maker(const Config& config, const MerchantConfig& merchant,
                                    const PlatformKeyChoice& choice, crypto::RandomSource random,
                                    base::WallClock clock) {
  const std::filesystem::path key =
      choice.key.empty() ? config.directory / "development" / "platform_key.pem" : choice.key;
  const auto pem = crypto::read_file(key);
  if (!pem) {
    return refuse(
        {{key.string(),
          pem.error().text() +
              "; run `couponhook init`, or name the key with --key. Only WeChat Pay has its "
              "own private key, so notifications can be made only for a set-up with a "
              "development key"}});
  }
  auto signer = crypto::Signer::from_pem(*pem);
  if (!signer) return refuse({{key.string(), signer.error().text()}});

  Config only_this = config;
  only_this.merchants = {merchant};
  std::vector<Problem> problems;
  const auto now = floor<std::chrono::seconds>(clock());
  const auto loaded = load_merchants(only_this, now, problems);
  if (!problems.empty()) return refuse(std::move(problems));

  std::string serial = choice.serial.empty()
                           ? find_serial(*signer, loaded->all().front().platform_keys, now)
                           : choice.serial;
  if (serial.empty()) {
    return refuse({{key.string(), "belongs to no live platform key of merchant " + merchant.mchid +
                                      ", so the service would refuse what it signs; name the right "
                                      "key with --key, or a serial with --serial"}});
  }
  // Read the APIv3 key again: the NotificationMaker must own its ciphers, but the ciphers of the
  // loaded merchant are shared and const.
  const std::filesystem::path& api_key_file = merchant.api_v3_key_files.front();
  auto api_key = crypto::read_file(api_key_file, 4096);
  if (!api_key) return refuse({{api_key_file.string(), api_key.error().text()}});
  auto cipher = crypto::api_v3_cipher(std::move(*api_key));
  if (!cipher) return refuse({{api_key_file.string(), cipher.error().text()}});
  return MakerResult(boost::system::in_place_value, std::move(*signer), std::move(serial),
                     std::move(*cipher), std::move(random), std::move(clock));
}

}  // namespace couponhook::server
