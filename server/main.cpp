/// \file
/// Entry point of the couponhook program. It gives the service the function that opens the store
/// (SQLite or PostgreSQL).

#include "server/program.hpp"

int main(int argc, char** argv) {
  return couponhook::server::run_program(argc, argv, couponhook::storage::Store::open);
}
