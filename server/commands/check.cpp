#include <ostream>

#include "server/admin_json.hpp"
#include "server/commands/command_line.hpp"
#include "server/delivery/brokers/brokers.hpp"
#include "server/service.hpp"
#include "server/write_trial.hpp"

namespace couponhook::server {
namespace {

/// \return a failure where it is not sound, or could not be made.
storage::Store::Result<void> check_store(const storage::StoreUrl& url) {
  if (auto place = storage::Store::check_place(url); !place) return place;
  const auto made = storage::Store::is_made(url, {});
  if (!made) return made.error();
  if (!*made) return {};
  const auto store = storage::Store::inspect(url, {});
  if (!store) return store.error();
  const auto reader = (*store)->reader();
  if (!reader) return reader.error();
  return (*reader)->check_integrity();
}

/// \param store what to call it: the URL as it is in the configuration may hold a password.
void describe(const Setup& setup, const std::string& store, std::chrono::sys_seconds now,
              std::ostream& out) {
  const ListenerConfig& listener = setup.config.listener;
  out << "configuration  " << setup.config.file.string() << '\n'
      << "listener       " << (listener.tls ? "https " : "plain http ") << listener.address
      << " port " << listener.port << '\n'
      << "status         " << setup.config.admin.address << " port " << setup.config.admin.port
      << '\n'
      << "store          " << store << '\n';
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

/// Tries to write where the service must. \return the exit code that follows.
Exit check_places(const Config& config, const std::string& user_name, World& world) {
  const auto user = user_to_try_as(user_name, config);
  if (!user) {
    print_problems(world, {{"--user", user.error()}});
    return Exit::kUsage;
  }
  const auto problems = try_writing(config, *user);
  print_problems(world, problems);
  return problems.empty() ? Exit::kOk : Exit::kUsage;
}

Exit check(const std::string& user, const CommonOptions& common, World& world) {
  std::vector<Problem> problems;
  auto config = read_config(common.config, world.environment, problems);
  if (!config) {
    print_problems(world, problems);
    return Exit::kUsage;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(world.clock());
  const Setup setup = prepare_setup(std::move(*config), world.handler_types, now, problems);
  check_outbound_files(setup.config, problems);
  const std::string where = setup.config.file.string() + ": store.url";
  const auto url = storage::parse_store_url(setup.config.store.url, setup.config.directory);
  if (!url) problems.push_back({where, url.error().message});
  print_problems(world, problems);
  if (!url) return Exit::kUsage;
  const auto store = check_store(*url);
  if (!store) print_problems(world, {{where, store.error().message}});
  // What check_store() found is not to be told twice.
  const Exit places = store ? check_places(setup.config, user, world) : Exit::kOk;
  if (!problems.empty() || places != Exit::kOk || !mchid_is_configured(setup.config, common, world))
    return Exit::kUsage;
  if (!store) return Exit::kFailed;
  describe(setup, url->name(), now, world.out);
  return Exit::kOk;
}

}  // namespace

void declare_check(CommandLine& line, CommonOptions& common, World& world) {
  auto user = std::make_shared<std::string>();
  Options options = line.add(
      "check", "Validate configuration, keys, certificates, store and handlers without serving",
      [user, &common, &world] { return check(*user, common, world); });
  add_merchant_options(options, common);
  add_user_option(options, *user);
}

}  // namespace couponhook::server
