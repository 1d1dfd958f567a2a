/// \file
/// The entry point that libFuzzer calls, for the one target of its program.

#include <cstddef>
#include <cstdint>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  couponhook::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
