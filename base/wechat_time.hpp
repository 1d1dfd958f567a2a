#pragma once

/// \file
/// Times as WeChat Pay's APIs and files write them.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::wechatpay {

/// Reads RFC 3339 (seconds and fractions may be missing) and, as Beijing time, the flow files'
/// "yyyy-MM-dd HH:mm:ss" and "yyyyMMddHHmmss". Fractions are dropped.
/// \return nothing where `text` is none of these, or no date.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_wechat_time(std::string_view text);

/// A time as flow files have it, or as a spreadsheet rewrites it: what parse_wechat_time() reads,
/// but not without seconds, and "yyyy/M/d H:mm:ss" or "yyyy-M-d H:mm:ss", which is Beijing time as
/// in the file. A form that has lost its seconds, or whose day could be its month, is none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_file_time(std::string_view text);

/// RFC 3339 in Beijing time: 2015-05-20T13:29:35+08:00.
[[nodiscard]] std::string format_wechat_time(std::chrono::sys_seconds time);

}  // namespace couponhook::wechatpay
