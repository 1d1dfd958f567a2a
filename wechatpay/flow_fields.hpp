#pragma once

/// \file
/// Parses single fields of a flow file (WeChat Pay's settlement file). Internal header: only
/// wechatpay/ includes it.

#include <cstdint>
#include <optional>
#include <string_view>

#include "wechatpay/flow_columns.hpp"
#include "wechatpay/identifier.hpp"

namespace couponhook::wechatpay {

[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Parses an amount of money in a flow file (WeChat Pay's settlement file), such as "12.3" (yuan)
/// or "1230" (fen). A decimal comma ("12,3") is accepted if the comma does not separate the columns
/// of the file.
/// \return the amount in fen; nothing if `text` is not an amount.
[[nodiscard]] std::optional<std::int64_t> parse_fen(std::string_view text, bool is_yuan,
                                                    char separator);

/// Returns the kind of id in a column of a flow file (WeChat Pay's settlement file), for example
/// the id of a payment; nothing if the column contains no id.
[[nodiscard]] std::optional<Identifier> identifier_in(FlowColumn column);

/// Returns true if a field of a flow file has no value: WeChat Pay then writes "-" or an empty
/// text.
[[nodiscard]] bool is_absent(std::string_view text);

}  // namespace couponhook::wechatpay
