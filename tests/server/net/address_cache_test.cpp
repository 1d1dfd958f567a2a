// Tests of the cache of DNS look-ups: an answer is kept for a short time, and the number of answers
// is limited. The tests pass the time as a parameter.

#include "server/net/address_cache.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::seconds;

const AddressCache::TimePoint kStart{seconds(1000)};

AddressAnswer found() {
  return AddressAnswer(boost::system::in_place_value,
                       Addresses{boost::asio::ip::make_address("192.0.2.1")});
}

AddressAnswer absent() {
  return AddressAnswer(boost::system::in_place_error, "no such name");
}

/// Puts one DNS answer into the cache.
/// \return the number of seconds for which the cache returns the answer.
int kept_for(AddressAnswer answer, seconds ttl) {
  AddressCache cache;
  cache.keep("host", std::move(answer), ttl, kStart);
  int kept = 0;
  while (kept < 10000 && cache.find("host", kStart + seconds(kept)) != nullptr) ++kept;
  return kept;
}

TEST(AddressCache, KeepsAddressesForTheirTtlWithinBounds) {
  EXPECT_EQ(kept_for(found(), seconds(10)), 10);
  EXPECT_EQ(kept_for(found(), seconds(0)), 1);
  EXPECT_EQ(kept_for(found(), seconds(86400)), 30);
}

TEST(AddressCache, CachesAMissingNameBriefly) {
  EXPECT_EQ(kept_for(absent(), seconds(3600)), 2);
}

TEST(AddressCache, HasTheLatestAnswer) {
  AddressCache cache;
  cache.keep("host", absent(), seconds(0), kStart);
  cache.keep("host", found(), seconds(5), kStart);
  const AddressAnswer* const answer = cache.find("host", kStart);
  ASSERT_NE(answer, nullptr);
  EXPECT_TRUE(answer->has_value());
  EXPECT_EQ(cache.find("other", kStart), nullptr);
}

TEST(AddressCache, HoldsABoundedNumberAndPrefersWhatIsFreshLongest) {
  AddressCache cache;
  cache.keep("longest", found(), seconds(30), kStart);
  for (int i = 0; i < 1000; ++i) {
    cache.keep("host" + std::to_string(i), found(), seconds(20), kStart);
  }
  EXPECT_EQ(cache.size(), AddressCache::kEntriesMax);
  EXPECT_NE(cache.find("longest", kStart), nullptr);
  EXPECT_NE(cache.find("host999", kStart), nullptr);
}

}  // namespace
}  // namespace couponhook::server
