/// \file
/// Runs a fuzz target without libFuzzer, on its stored seeds (example inputs) and on changed copies
/// of the seeds.
///
///   fuzz_replay TARGET FOLDER [SECONDS]
///
/// The program runs the target on each seed, unchanged and cut after each of its bytes. Then, for
/// SECONDS (default 5), it runs the target on copies of seeds with some bytes changed, removed or
/// taken from another seed. The random numbers start from a fixed value, so every run makes the
/// same changes in the same order.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "fuzz.hpp"

namespace couponhook::fuzz {
namespace {

/// Largest number of copies of one seed (example input) that are cut at different lengths. A longer
/// seed is not cut after every byte, so that one large seed does not use up the time.
constexpr std::size_t kCutsMax = 2000;
constexpr unsigned kChangesMax = 4;

/// Input with which the fuzz target is running now. The program prints it if the target crashes.
std::string current;

std::vector<std::string> read_seeds(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry);
  std::ranges::sort(files);
  std::vector<std::string> seeds;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return seeds;
}

/// Runs the fuzz target on a copy of the input. The copy's memory has exactly the size of the
/// input, so that a sanitizer detects a read past the end.
void run_once(const Target& target, std::string_view input) {
  current.assign(input);
  const std::vector<char> exact(input.begin(), input.end());
  target.run({exact.data(), exact.size()});
}

class Mutator {
 public:
  explicit Mutator(std::span<const std::string> seeds) : seeds_(seeds) {}

  std::string next() {
    std::string input = seeds_[below(seeds_.size())];
    const std::size_t changes = 1 + below(kChangesMax);
    for (std::size_t i = 0; i < changes; ++i) change(input);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % std::max<std::size_t>(bound, 1); }

  void change(std::string& input) {
    static constexpr std::string_view kTelling("\0\n\r\t \"\\:,/?%[]{}'`-0;\x1f\x7f\xff\xc3", 25);
    const std::size_t at = below(input.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(random_());
        break;
      case 1:
        input.insert(at, 1, kTelling[below(kTelling.size())]);
        break;
      case 2:
        input.erase(at, 1 + below(8));
        break;
      case 3:
        input.insert(at, input.substr(below(input.size() + 1), 1 + below(32)));
        break;
      default: {
        const std::string& other = seeds_[below(seeds_.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }

  std::span<const std::string> seeds_;
  std::mt19937_64 random_{20261130};  // NOLINT(cert-msc51-cpp): fixed seed, so that runs are equal
};

/// Signal handler for a crash: prints the input with which the fuzz target crashed, as a C++ string
/// literal.
extern "C" void show_current(int signal) {
  std::fprintf(stderr, "ended by signal %d; the input, %zu bytes:\n\"", signal, current.size());
  for (const char c : current) {
    std::fprintf(stderr, "\\x%02x", static_cast<unsigned char>(c));
  }
  std::fprintf(stderr, "\"\n");
  std::_Exit(1);
}

int replay(const Target& target, const std::vector<std::string>& seeds, std::chrono::seconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  std::size_t runs = 0;
  for (const std::string& seed : seeds) {
    run_once(target, seed);
    const std::size_t step = 1 + seed.size() / kCutsMax;
    for (std::size_t cut = 0; cut < seed.size(); cut += step, ++runs) {
      run_once(target, std::string_view(seed).substr(0, cut));
      if (std::chrono::steady_clock::now() > end) break;
    }
  }
  Mutator mutator(seeds);
  for (; std::chrono::steady_clock::now() < end; ++runs) run_once(target, mutator.next());
  std::cout << target.name << ": " << seeds.size() << " seeds, " << runs << " further inputs\n";
  return 0;
}

}  // namespace
}  // namespace couponhook::fuzz

int main(int argc, char** argv) {
  using namespace couponhook::fuzz;
  if (argc < 3) {
    std::cerr << "usage: fuzz_replay TARGET FOLDER [SECONDS]\n";
    return 2;
  }
  const auto target = std::ranges::find(targets(), std::string_view(argv[1]), &Target::name);
  if (target == targets().end()) {
    std::cerr << "there is no target " << argv[1] << '\n';
    return 2;
  }
  const std::vector<std::string> seeds = read_seeds(argv[2]);
  if (seeds.empty()) {
    std::cerr << argv[2] << " holds no seeds\n";
    return 2;
  }
  int seconds = 5;
  if (argc > 3) {
    const std::string_view text = argv[3];
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  std::signal(SIGABRT, show_current);
  return replay(*target, seeds, std::chrono::seconds(seconds));
}
