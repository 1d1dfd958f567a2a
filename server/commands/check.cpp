#include <ostream>

#include "server/admin_json.hpp"
#include "server/commands/command_line.hpp"
#include "server/delivery/brokers/brokers.hpp"
#include "server/service.hpp"

namespace couponhook::server {
namespace {

/// \return what is wrong with the store; nothing where it is sound or not made yet.
std::optional<Problem> check_store(const Config& config) {
  const std::string where = config.file.string() + ": store.url";
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url) return Problem{where, url.error().message};
  const auto made = storage::Store::is_made(*url, {});
  if (!made) return Problem{where, made.error().message};
  if (!*made) return std::nullopt;
  const auto store = storage::Store::inspect(*url, {});
  if (!store) return Problem{where, store.error().message};
  const auto reader = (*store)->reader();
  if (!reader) return Problem{where, reader.error().message};
  const auto sound = (*reader)->check_integrity();
  if (!sound) return Problem{where, sound.error().message};
  return std::nullopt;
}

/// The URL as it is in the configuration may hold a password.
std::string store_name(const Config& config) {
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  return url ? url->name() : std::string();
}

void describe(const Setup& setup, std::chrono::sys_seconds now, std::ostream& out) {
  const ListenerConfig& listener = setup.config.listener;
  out << "configuration  " << setup.config.file.string() << '\n'
      << "listener       " << (listener.tls ? "https " : "plain http ") << listener.address
      << " port " << listener.port << '\n'
      << "status         " << setup.config.admin.address << " port " << setup.config.admin.port
      << '\n'
      << "store          " << store_name(setup.config) << '\n';
  for (const Merchant& merchant : setup.merchants->all()) {
    out << "merchant       " << merchant.mchid << " at " << merchant.path << ", "
        << merchant.ciphers.size() << " APIv3 key" << (merchant.ciphers.size() == 1 ? "" : "s")
        << '\n';
    for (const crypto::KeyInfo& key : merchant.platform_keys.list()) {
      out << "  " << crypto::to_string(key.kind) << "  " << key.serial;
      if (key.expires_at) {
        const bool expired = *key.expires_at < now;
        out << (expired ? ", EXPIRED " : ", expires ")
            << format_time(key.expires_at->time_since_epoch().count() * 1000);
      }
      out << '\n';
    }
  }
  for (const HandlerConfig& handler : setup.config.handlers) {
    out << "handler        " << handler.name << " (" << handler.type << ")";
    for (const std::string& pattern : handler.events) out << ' ' << pattern;
    out << '\n';
  }
  const auto word = [](bool there) { return there ? "yes" : "no"; };
  out << "brokers        redis " << word(kHasRedis) << ", amqp " << word(kHasAmqp) << ", kafka "
      << word(kHasKafka) << '\n'
      << "All is well.\n";
}

Exit check(const CommonOptions& common, World& world) {
  std::vector<Problem> problems;
  auto config = read_config(common.config, world.environment, problems);
  if (!config) {
    print_problems(world, problems);
    return Exit::kUsage;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(world.clock());
  const Setup setup = prepare_setup(std::move(*config), world.handler_types, now, problems);
  check_outbound_files(setup.config, problems);
  print_problems(world, problems);
  const auto store_problem = check_store(setup.config);
  if (store_problem) print_problems(world, {*store_problem});
  if (!problems.empty()) return Exit::kUsage;
  if (store_problem) return Exit::kFailed;
  describe(setup, now, world.out);
  return Exit::kOk;
}

}  // namespace

void declare_check(CommandLine& line, CommonOptions& common, World& world) {
  Options options = line.add(
      "check", "Validate configuration, keys, certificates, store and handlers without serving",
      [&common, &world] { return check(common, world); });
  add_config_option(options, common);
}

}  // namespace couponhook::server
