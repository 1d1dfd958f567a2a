#include "server/admin/configuration_json.hpp"

#include <vector>

#include "base/json_writer.hpp"
#include "server/config/config.hpp"
#include "server/config/config_text.hpp"

namespace couponhook::server {

std::string configuration_json(const std::filesystem::path& file, const Environment& environment) {
  std::vector<Problem> problems;
  const auto config = read_config(file, environment, problems);
  base::JsonWriter json;
  json.begin()
      .text("file", file.string())
      .document("configuration", settings_as_json(config ? *config->settings : Setting()))
      .begin_list("problems");
  for (const Problem& problem : problems) {
    json.begin().text("where", problem.where).text("message", problem.message).end();
  }
  json.end_list().end();
  return json.take();
}

}  // namespace couponhook::server
