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
/// Addresses in the order in which to try them, or the error text of the look-up.
using AddressAnswer = boost::system::result<Addresses, std::string>;

/// Cache of look-up results by host name. Not thread-safe. The caller passes the current time: the
/// cache itself reads no clock.
class AddressCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Limits of the time for which addresses are kept; the TTL of the DNS records is raised or
  /// lowered to fit. After a name moves to another address, the old address is used for at most
  /// kAddressesKeptMax.
  static constexpr std::chrono::seconds kAddressesKeptMin{1};
  static constexpr std::chrono::seconds kAddressesKeptMax{30};
  /// Time for which the answer "no such name" is kept.
  static constexpr std::chrono::seconds kAbsenceKept{2};
  static constexpr std::size_t kEntriesMax = 256;

  /// \return null if the cache has no entry for the host or the entry has expired. The pointer is
  ///   valid until the next call of find() or keep().
  [[nodiscard]] const AddressAnswer* find(const std::string& host, TimePoint now);
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
