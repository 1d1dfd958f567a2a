#pragma once

/// \file
/// Layouts of the JSON text of a notification: order of the members, blanks and escapes. A program
/// that parses a body and writes it again changes the layout, and so makes the signature wrong.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// The orders of members that are tried.
enum class MemberOrders : std::uint8_t {
  kUsual,  ///< the order of the text, alphabetical order, and the orders that WeChat Pay uses
  kEvery   ///< also every other order of the envelope's and the resource's members
};

/// Function that receives a layout and a short description of it. It returns true to end the
/// search.
using LayoutVisitor = std::function<bool(const std::string& body, std::string_view description)>;

/// Writes a JSON object in all layouts that it may have had when WeChat Pay sent it. Thread-safe.
/// Writes at most about 400,000 layouts with kEvery, and about 200 with kUsual.
/// \param json limits of the JSON text are those of base::JsonLimits; other text has no layouts.
/// \return true if the visitor ended the search.
[[nodiscard]] bool visit_layouts(std::string_view json, MemberOrders orders,
                                 const LayoutVisitor& visit);

}  // namespace couponhook::server
