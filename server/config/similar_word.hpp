#pragma once

/// \file
/// Finds the word that a user probably meant when a word is misspelt.

#include <cstddef>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Returns the edit distance of two texts: the smallest number of characters to add, remove or
/// replace that turns one text into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Returns the word of `known` that is most similar to `word`; empty if a word would have to change
/// in 4 or more characters, or in all of its characters.
template <typename Words>
[[nodiscard]] std::string similar_word(std::string_view word, const Words& known) {
  std::string nearest;
  std::size_t least = 4;
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least || distance >= word.size()) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace couponhook::server
