#pragma once

/// \file
/// Types for IP addresses and IP networks.

#include <array>
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::base {

/// An IPv4 or IPv6 address. An IPv4 address is stored in its IPv6 form, ::ffff:a.b.c.d (RFC 4291,
/// section 2.5.5.2), so that a host has the same address, whether it connects to an IPv4 socket or
/// to an IPv6 socket.
class IpAddress {
 public:
  using Bytes = std::array<unsigned char, 16>;

  IpAddress() = default;
  explicit IpAddress(const Bytes& v6) : bytes_(v6) {}
  explicit IpAddress(std::span<const unsigned char, 4> v4);

  /// Parses an IP address.
  /// \return the address; nothing if `text` is anything else, such as an address with a port or in
  ///   brackets.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  /// Returns true for loopback addresses, 127.0.0.0/8 and ::1: their traffic never leaves this
  /// machine.
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string text() const;

  /// Returns the beginning of a network range: this address with its first `bits` bits (of 128)
  /// unchanged and the other bits set to 0.
  [[nodiscard]] IpAddress prefix(unsigned bits) const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Bytes bytes_{};
};

/// Returns true if the text is a loopback IP address, with or without a zone ("::1%lo"). Returns
/// false for a host name such as "localhost".
[[nodiscard]] bool is_loopback(std::string_view address);

/// A range of IP addresses in CIDR notation, such as 10.0.0.0/8, or a single IP address.
class IpNetwork {
 public:
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const {
    return address.prefix(bits_) == base_;
  }

 private:
  IpNetwork(const IpAddress& base, unsigned bits) : base_(base.prefix(bits)), bits_(bits) {}

  IpAddress base_;
  // Length in bits of the network prefix (the fixed first bits of every address in the network),
  // counted in the IPv6 form. An IPv4 network has 96 bits more here than in its own notation.
  unsigned bits_;
};

}  // namespace couponhook::base
