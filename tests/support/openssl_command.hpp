#pragma once

/// \file
/// Runs the command-line program openssl, which tests use as an independent check of couponhook's
/// cryptography.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "support/temporary_folder.hpp"

namespace couponhook::support {

/// A temporary folder for one test, in which the test runs openssl.
class ScratchFolder {
 public:
  void write(const std::string& name, std::string_view content) const {
    folder_.write(name, content);
  }

  /// Runs the command `openssl <arguments>` with this folder as its working directory.
  /// \return true if the exit code of openssl was 0.
  [[nodiscard]] bool openssl(const std::string& arguments) const {
    const std::string command =
        "cd '" + folder_.path().string() + "' && openssl " + arguments + " >output 2>&1";
    return std::system(command.c_str()) == 0;
  }

  /// Returns the output of the last openssl command that the test ran.
  [[nodiscard]] std::string output() const {
    std::ifstream file{folder_.path() / "output", std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

 private:
  TemporaryFolder folder_;
};

[[nodiscard]] inline bool has_openssl() {
  return ScratchFolder{}.openssl("version");
}

}  // namespace couponhook::support
