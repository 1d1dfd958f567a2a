#pragma once

/// \file
/// Value types for IP addresses and networks.

#include <array>
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::base {

/// An IPv4 or IPv6 address. IPv4 is stored in its IPv6 form, ::ffff:a.b.c.d (RFC 4291, section
/// 2.5.5.2), so that a host has one address, whether it connects over IPv4 or over an IPv6 socket.
class IpAddress {
 public:
  using Bytes = std::array<unsigned char, 16>;

  IpAddress() = default;
  explicit IpAddress(const Bytes& v6) : bytes_(v6) {}
  explicit IpAddress(std::span<const unsigned char, 4> v4);

  /// Parses an address. \return nothing if `text` holds anything else, such as a port or brackets.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  /// Returns true for 127.0.0.0/8 and ::1: traffic that never leaves this machine.
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string text() const;

  /// The address with only its first `bits` bits kept (of 128); the others are set to 0.
  [[nodiscard]] IpAddress prefix(unsigned bits) const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Bytes bytes_{};
};

/// Returns true for a text that is a loopback address, and false for a name.
[[nodiscard]] bool is_loopback(std::string_view address);

/// A range of addresses in CIDR notation, such as 10.0.0.0/8, or a single address.
class IpNetwork {
 public:
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const {
    return address.prefix(bits_) == base_;
  }

 private:
  IpNetwork(const IpAddress& base, unsigned bits) : base_(base.prefix(bits)), bits_(bits) {}

  IpAddress base_;
  unsigned bits_;  // prefix length, counted in the IPv6 form: 96 more than for IPv4
};

}  // namespace couponhook::base
