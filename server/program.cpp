#include "server/program.hpp"

#include <csignal>
#include <exception>
#include <iostream>

#include "server/delivery/child_processes.hpp"

namespace couponhook::server {

int run_program(int argc, char** argv, StoreOpener open_store,
                handlers::HandlerTypes handler_types) {
  reset_inherited_signals();
  // Ignore the signals SIGPIPE and SIGXFSZ. By default, the process would end when it writes to a
  // connection that the client has closed (SIGPIPE) or to a file that has reached its size limit
  // (SIGXFSZ). If the signals are ignored, the write returns an error code instead.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  Runtime runtime{
      [] { return std::chrono::system_clock::now(); },
      crypto::system_random(),
      process_environment(),
      std::move(open_store),
      std::move(handler_types),
      std::cout,
      std::cerr,
  };
  try {
    return run_command_line(argc, argv, runtime);
  } catch (const std::exception& error) {
    std::cerr << "couponhook: " << error.what() << '\n';
    return static_cast<int>(Exit::kFailed);
  }
}

}  // namespace couponhook::server
