/// \file
/// A couponhook binary with one more handler type, "journal", as a user of the library would add
/// it.

#include "handlers/examples/journal.hpp"
#include "server/program.hpp"

int main(int argc, char** argv) {
  using namespace couponhook;
  return server::run_program(argc, argv, storage::Store::open,
                             {{"journal", examples::make_journal}});
}
