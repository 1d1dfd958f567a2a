#pragma once

/// \file
/// Cache of DNS look-up results, with short TTLs and a limited number of entries.

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>

namespace couponhook::server {

using Addresses = std::vector<boost::asio::ip::address>;
/// The IP addresses of a host, in the order in which to try them; or the error text of the DNS
/// look-up.
using AddressAnswer = boost::system::result<Addresses, std::string>;

/// Cache of DNS look-up results by host name. Not thread-safe. The caller passes the current time:
/// the cache itself reads no clock.
class AddressCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Limits of the time for which the addresses of a host are kept. If the TTL of the DNS records
  /// is outside these limits, the nearer limit is used instead. After a host moves to another
  /// address, the old address is used for at most kAddressesKeptMax.
  static constexpr std::chrono::seconds kAddressesKeptMin{1};
  static constexpr std::chrono::seconds kAddressesKeptMax{30};
  /// Time for which the cache keeps the DNS answer "no such host name".
  static constexpr std::chrono::seconds kAbsenceKept{2};
  static constexpr std::size_t kEntriesMax = 256;

  /// Finds the kept look-up result of a host.
  /// \return null if the cache has no result for the host, or only an expired result. The pointer
  ///   is valid until the next call of find() or keep().
  [[nodiscard]] const AddressAnswer* find(const std::string& host, TimePoint now);
  /// Adds the look-up result of a host.
  /// \param ttl TTL of the DNS records; ignored if the answer is an error.
  void keep(const std::string& host, AddressAnswer answer, std::chrono::seconds ttl, TimePoint now);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    AddressAnswer answer;
    TimePoint until;
  };

  void make_room(TimePoint now);

  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace couponhook::server
