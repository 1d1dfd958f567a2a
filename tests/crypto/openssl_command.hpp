#pragma once

/// \file
/// The openssl command line as an opinion that is not ours.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's

namespace couponhook::crypto {

/// A folder of its own for one test, gone with it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "couponhook-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void write(const std::string& name, std::string_view content) const {
    std::ofstream{path_ / name, std::ios::binary} << content;
  }

  /// Runs `openssl <arguments>` inside this folder.
  /// \return whether it exited with 0.
  [[nodiscard]] bool openssl(const std::string& arguments) const {
    const std::string command =
        "cd '" + path_.string() + "' && openssl " + arguments + " >output 2>&1";
    return std::system(command.c_str()) == 0;
  }

  /// What the last command printed.
  [[nodiscard]] std::string output() const {
    std::ifstream file{path_ / "output", std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] inline bool has_openssl() {
  return ScratchFolder{}.openssl("version");
}

}  // namespace couponhook::crypto
