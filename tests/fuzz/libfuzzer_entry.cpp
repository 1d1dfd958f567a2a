/// \file
/// The function that libFuzzer calls with each input. It runs the fuzz target; exactly one target
/// is linked into the program.

#include <cstddef>
#include <cstdint>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  couponhook::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
