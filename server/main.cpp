/// \file
/// Entry point of the couponhook program, which gives the service its store implementation.

#include "server/program.hpp"

int main(int argc, char** argv) {
  return couponhook::server::run_program(argc, argv, couponhook::storage::Store::open);
}
