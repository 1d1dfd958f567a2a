/// \file
/// Where the concrete parts are put together.

#include "server/program.hpp"

int main(int argc, char** argv) {
  return couponhook::server::run_program(argc, argv, couponhook::storage::Store::open);
}
