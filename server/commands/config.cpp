/// \file
/// The commands `config show` (effective configuration) and `config schema` (its JSON schema).

#include <ostream>

#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include "server/commands/command_line.hpp"
#include "server/config/config_schema.hpp"
#include "server/config/config_text.hpp"

namespace couponhook::server {
namespace {

Exit print_text(const std::string& text, Runtime& runtime) {
  runtime.out << text << std::flush;
  return runtime.out ? Exit::kOk : Exit::kFailed;
}

Exit print_json(const std::string& json, Runtime& runtime) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  document.Accept(writer);
  return print_text(std::string(buffer.GetString(), buffer.GetSize()) + "\n", runtime);
}

Exit show(bool as_json, const CommonOptions& common, Runtime& runtime) {
  const auto file = find_config_file(common.config, runtime.environment);
  std::vector<Problem> problems;
  std::optional<Config> config;
  if (file) {
    config = read_config(*file, runtime.environment, problems);
  } else {
    problems.push_back(file.error());
  }
  if (!problems.empty()) {
    print_problems(runtime, problems);
    return Exit::kUsage;
  }
  if (as_json) return print_json(settings_as_json(*config->settings), runtime);
  return print_text("# " + std::filesystem::absolute(*file).lexically_normal().string() + "\n\n" +
                        settings_as_toml(*config->settings),
                    runtime);
}

}  // namespace

void declare_config(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group =
      line.group("config", "The configuration that is in effect, and the keys that it may have");
  const auto as_json = std::make_shared<bool>(false);
  Options show_options = group.add(
      "show", "Print each key with its effective value and where it comes from; secrets as (set)",
      [as_json, &common, &runtime] { return show(*as_json, common, runtime); });
  add_config_option(show_options, common);
  show_options.flag("--json", *as_json, "Print JSON");
  static_cast<void>(group.add(
      "schema", "Print the JSON schema of the configuration file, for editors and pipelines",
      [&runtime] { return print_json(config_schema(describe_config()), runtime); }));
}

}  // namespace couponhook::server
