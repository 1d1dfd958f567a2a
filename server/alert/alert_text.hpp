#pragma once

/// \file
/// Texts of alerts in Chinese and English.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/alert/told_causes.hpp"
#include "server/config/alert_config.hpp"

namespace couponhook::server {

/// One item in words.
struct AlertWords {
  std::string text;
  std::string remedy;  ///< what to do; empty if the cause is over
};
[[nodiscard]] AlertWords describe(const AlertItem& item, AlertLanguage language,
                                  std::int64_t now_ms);

/// Returns one message about several items: a line that names the service, the replica and the
/// time, and a paragraph for each item.
/// \param bytes_max largest size. Items that do not fit are left out, and the last line says how
///   many they are. A first item that is too long is cut between two characters.
[[nodiscard]] std::string robot_text(std::span<const AlertItem> items, AlertLanguage language,
                                     std::string_view replica, std::int64_t now_ms,
                                     std::size_t bytes_max);

/// Returns the message with which a user tries a receiver.
[[nodiscard]] std::string test_text(AlertLanguage language, std::string_view replica,
                                    std::int64_t now_ms);

/// Returns the beginning of a text, at most `bytes_max` bytes and no part of a character, with "…"
/// at its end if something was cut off.
[[nodiscard]] std::string cut_text(std::string_view text, std::size_t bytes_max);

}  // namespace couponhook::server
