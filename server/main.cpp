/// \file
/// Where the concrete parts are put together.

#include <csignal>
#include <exception>
#include <iostream>

#include "server/commands/command_line.hpp"

int main(int argc, char** argv) {
  using namespace couponhook;
  // A client that goes away, or a file that may not grow, is an error value and not the end.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  server::World world{
      [] { return std::chrono::system_clock::now(); },
      crypto::system_random(),
      server::process_environment(),
      storage::Store::open,
      std::cout,
      std::cerr,
  };
  try {
    return server::run_command_line(argc, argv, world);
  } catch (const std::exception& error) {
    std::cerr << "couponhook: " << error.what() << '\n';
    return static_cast<int>(server::Exit::kFailed);
  }
}
