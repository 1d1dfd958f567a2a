#pragma once

/// \file
/// Parses single fields of a flow file (WeChat Pay's settlement file). Internal header of
/// flow_file.cpp.

#include <cstdint>
#include <optional>
#include <string_view>

#include "wechatpay/flow_columns.hpp"
#include "wechatpay/identifier.hpp"

namespace couponhook::wechatpay {

[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Parses an amount of money in a flow file: "12.3" yuan or "1230" fen. A decimal comma ("12,3") is
/// accepted if the comma is not the separator of the file.
/// \return the amount in fen; nothing if `text` is not an amount.
[[nodiscard]] std::optional<std::int64_t> parse_fen(std::string_view text, bool is_yuan,
                                                    char separator);

/// \return the kind of identifier that a column of a flow file holds; nothing if the column holds
///   no identifier.
[[nodiscard]] std::optional<Identifier> identifier_in(FlowColumn column);

/// Returns true if a field of a flow file has no value: flow files then contain "-" or an empty
/// text.
[[nodiscard]] bool is_absent(std::string_view text);

}  // namespace couponhook::wechatpay
