#include "base/text_encoding.hpp"

#include <cerrno>
#include <memory>
#include <type_traits>

#include <iconv.h>

namespace couponhook::base {

std::optional<std::string> convert_encoding(std::string_view text, const char* from,
                                            const char* to) {
  const iconv_t opened = iconv_open(to, from);
  if (opened == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  const std::unique_ptr<std::remove_pointer_t<iconv_t>, int (*)(iconv_t)> converter(opened,
                                                                                    iconv_close);
  std::string converted;
  std::string input(text);  // iconv takes a pointer to non-const, although it changes nothing
  char* next = input.data();
  std::size_t left = input.size();
  while (left > 0) {
    std::string room(2 * left + 16, '\0');
    char* out = room.data();
    std::size_t free_bytes = room.size();
    const std::size_t done = iconv(converter.get(), &next, &left, &out, &free_bytes);
    converted.append(room, 0, room.size() - free_bytes);
    if (done == static_cast<std::size_t>(-1) && errno != E2BIG) return std::nullopt;
  }
  return converted;
}

}  // namespace couponhook::base
