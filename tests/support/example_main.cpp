/// \file
/// couponhook with one more type of handler.

#include "handlers/examples/journal.hpp"
#include "server/program.hpp"

int main(int argc, char** argv) {
  using namespace couponhook;
  return server::run_program(argc, argv, storage::Store::open,
                             {{"journal", examples::make_journal}});
}
