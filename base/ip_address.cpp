#include "base/ip_address.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace couponhook::base {
namespace {

constexpr unsigned kBits = 128;
constexpr unsigned kMappedBits = 96;
constexpr std::array<unsigned char, kMappedBits / 8> kMapped = {0, 0, 0, 0, 0,    0,
                                                                0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

IpAddress::IpAddress(std::span<const unsigned char, 4> v4) {
  std::copy(kMapped.begin(), kMapped.end(), bytes_.begin());
  std::copy(v4.begin(), v4.end(), bytes_.begin() + kMapped.size());
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton needs a NUL-terminated string. INET6_ADDRSTRLEN bytes are enough for every address.
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return {};
  std::copy(text.begin(), text.end(), terminated.begin());
  std::array<unsigned char, 4> v4{};
  if (::inet_pton(AF_INET, terminated.data(), v4.data()) == 1) return IpAddress(v4);
  Bytes v6{};
  if (::inet_pton(AF_INET6, terminated.data(), v6.data()) == 1) return IpAddress(v6);
  return {};
}

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const {
  static const IpNetwork kV4 = IpNetwork::parse("127.0.0.0/8").value();
  static const IpNetwork kV6 = IpNetwork::parse("::1").value();
  return kV4.contains(*this) || kV6.contains(*this);
}

bool is_loopback(std::string_view address) {
  const auto parsed = IpAddress::parse(address.substr(0, address.find('%')));
  return parsed && parsed->is_loopback();
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? kMapped.size() : 0), text.data(),
              text.size());
  return text.data();
}

IpAddress IpAddress::prefix(unsigned bits) const {
  IpAddress cut = *this;
  for (unsigned i = 0; i < cut.bytes_.size(); ++i) {
    const unsigned kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    cut.bytes_[i] &= static_cast<unsigned char>(0xFF00U >> kept);
  }
  return cut;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return {};
  if (slash == std::string_view::npos) return IpNetwork(*address, kBits);
  const std::string_view length = text.substr(slash + 1);
  const unsigned before = address->is_v4() ? kMappedBits : 0;
  unsigned bits = 0;
  const auto [end, ec] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (ec != std::errc() || end != length.data() + length.size() || bits > kBits - before) return {};
  return IpNetwork(*address, before + bits);
}

}  // namespace couponhook::base
