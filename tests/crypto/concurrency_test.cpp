// Checks that threads may share keys and ciphers. Several threads verify signatures and decrypt
// texts with several keys at once, with valid and invalid input in turn. Run with the CMake preset
// `tsan`, these tests also detect data races (thread sanitizer).

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/resource_cipher.hpp"
#include "platform.hpp"

namespace couponhook::crypto {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 100;
constexpr std::string_view kNonce = "fdasflkja484";

/// Calls the function `is_right` on several threads, kRounds times on each thread.
/// \return the number of calls that returned false.
int failures_of(const std::function<bool(int thread, int round)>& is_right) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < kRounds; ++round) {
        if (!is_right(thread, round)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failures;
}

TEST(Concurrency, LetsThreadsVerifyUnderSharedKeys) {
  const std::array<Platform, 3> platforms;
  PlatformKeys keys;
  std::array<Request, 3> good;
  std::array<Request, 3> forged;
  for (std::size_t i = 0; i < platforms.size(); ++i) {
    ASSERT_TRUE(keys.add_certificate(platforms[i].pair.certificate_pem));
    good[i] = signed_request(platforms[i]);
    forged[i] = good[i];
    forged[i].body += ' ';
  }
  EXPECT_EQ(failures_of([&](int thread, int round) {
              const auto key = static_cast<std::size_t>(thread + round) % platforms.size();
              const auto verify = [&](const Request& request) {
                return answer(verify_signature(keys, request.parts(), kTolerance, kNow));
              };
              return verify(good[key]) == kAccepted &&
                     verify(forged[key]) == code(VerifyError::kSignatureMismatch);
            }),
            0);
}

TEST(Concurrency, LetsThreadsOpenAndSealUnderSharedCiphers) {
  const std::array<ResourceCipher, 3> ciphers{ResourceCipher{Secret{std::string(32, 'a')}},
                                              ResourceCipher{Secret{std::string(32, 'b')}},
                                              ResourceCipher{Secret{std::string(16, 'a')}}};
  EXPECT_EQ(failures_of([&](int thread, int round) {
              const auto turn = static_cast<std::size_t>(thread + round);
              const ResourceCipher& right = ciphers[turn % ciphers.size()];
              const ResourceCipher& wrong = ciphers[(turn + 1) % ciphers.size()];
              const std::string sealed = right.seal(kNonce, "coupon", "plaintext");
              const auto opened = right.open(kNonce, "coupon", sealed);
              return !wrong.open(kNonce, "coupon", sealed) && opened && *opened == "plaintext";
            }),
            0);
}

TEST(Concurrency, LetsThreadsSignWithOneKey) {
  const Signer& signer = Platform::instance().signer;
  const std::string expected = signer.sign("message");
  EXPECT_EQ(failures_of([&](int, int) { return signer.sign("message") == expected; }), 0);
}

TEST(Concurrency, LetsAThreadOutliveTheKeysItUsed) {
  const Request request = signed_request();
  auto keys = std::make_unique<PlatformKeys>(Platform::instance().keys());
  int answered = -1;
  std::latch verified{1};
  std::latch destroyed{1};
  std::thread user{[&] {
    answered = answer(verify_signature(*keys, request.parts(), kTolerance, kNow));
    verified.count_down();
    destroyed.wait();
  }};
  verified.wait();
  keys.reset();
  destroyed.count_down();
  user.join();
  EXPECT_EQ(answered, kAccepted);
}

}  // namespace
}  // namespace couponhook::crypto
