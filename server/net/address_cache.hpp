#pragma once

/// \file
/// Answers to name look-ups, kept for a short bounded time.

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>

namespace couponhook::server {

using Addresses = std::vector<boost::asio::ip::address>;
/// Addresses in the order in which to try them, or why there are none.
using AddressAnswer = boost::system::result<Addresses, std::string>;

/// Not thread-safe. The caller passes the time: nothing here reads a clock.
class AddressCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Bounds of how long addresses are kept, whatever TTL their records have. A name that is moved
  /// to another address is followed within the longest.
  static constexpr std::chrono::seconds kAddressesKeptMin{1};
  static constexpr std::chrono::seconds kAddressesKeptMax{30};
  /// How long "no such name" is kept.
  static constexpr std::chrono::seconds kAbsenceKept{2};
  static constexpr std::size_t kEntriesMax = 256;

  /// \return null where nothing is kept that is still fresh; valid until the next call.
  [[nodiscard]] const AddressAnswer* find(const std::string& host, TimePoint now);
  /// \param ttl of the records; of no use where the answer is that there are none.
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
