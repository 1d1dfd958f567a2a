/// \file
/// A couponhook program with one more handler type, "journal", added in the same way as users add
/// their own handlers.

#include "handlers/examples/journal.hpp"
#include "server/program.hpp"

int main(int argc, char** argv) {
  using namespace couponhook;
  return server::run_program(argc, argv, storage::Store::open,
                             {{"journal", examples::make_journal}});
}
