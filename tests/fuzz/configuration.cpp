/// \file
/// Fuzz target: the reader of the configuration file. For any content of the file, the reader must
/// either accept the file or return a list of problems, and must never crash.

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "fuzz.hpp"
#include "server/config/config.hpp"

namespace couponhook::fuzz {
namespace {

/// A temporary configuration file, removed at the end of the program. The file name contains the
/// process id, because libFuzzer can run several processes at the same time.
class ConfigurationFile {
 public:
  ConfigurationFile()
      : path_(std::filesystem::temp_directory_path() /
              ("couponhook-fuzz-" + std::to_string(::getpid()) + ".toml")) {}
  ~ConfigurationFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ConfigurationFile(const ConfigurationFile&) = delete;
  ConfigurationFile& operator=(const ConfigurationFile&) = delete;

  const std::filesystem::path& write(std::string_view content) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
    return path_;
  }

 private:
  std::filesystem::path path_;
};

void run(std::string_view input) {
  static ConfigurationFile file;
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "PORT") return "8443";
    return std::nullopt;
  };
  const auto config = server::load_config(file.write(input), environment);
  if (config) return;
  require(!config.error().empty(), "a refusal has a reason");
  for (const server::Problem& problem : config.error()) {
    require(!problem.where.empty() && !problem.message.empty(), "a problem says where and what");
  }
}

const Registration registered("configuration", run);

}  // namespace
}  // namespace couponhook::fuzz
