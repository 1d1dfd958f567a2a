/// \file
/// Entry point of the couponhook program. The service gets the function that opens its store
/// (SQLite or PostgreSQL) from here.

#include "server/program.hpp"

int main(int argc, char** argv) {
  return couponhook::server::run_program(argc, argv, couponhook::storage::Store::open);
}
