#pragma once

/// \file
/// Single fields of a flow file. Private to flow_file.cpp.

#include <cstdint>
#include <optional>
#include <string_view>

#include "wechatpay/flow_columns.hpp"
#include "wechatpay/identifier.hpp"

namespace couponhook::wechatpay {

[[nodiscard]] std::string_view trimmed(std::string_view text);

/// "12.3" yuan or "1230" fen; "12,3" where a comma does not separate fields.
[[nodiscard]] std::optional<std::int64_t> parse_fen(std::string_view text, bool is_yuan,
                                                    char separator);

/// What a column holds; nothing where it holds no identifier.
[[nodiscard]] std::optional<Identifier> identifier_in(FlowColumn column);

/// How files write that there is no value.
[[nodiscard]] bool is_absent(std::string_view text);

}  // namespace couponhook::wechatpay
