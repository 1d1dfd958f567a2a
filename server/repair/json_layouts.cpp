#include "server/repair/json_layouts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"

namespace couponhook::server {
namespace {

/// Number of members up to which every order is tried: 6! times 5! are 86,400 orders.
constexpr std::size_t kOrderedMembersMax = 6;

/// Blanks and escapes of a JSON text.
struct Style {
  std::string_view name;
  std::string_view comma;
  std::string_view colon;
  unsigned indent;  ///< blanks for each level; 0: the whole text is on one line
  bool ascii;       ///< characters outside ASCII are written as \uXXXX
  bool slashes;     ///< '/' is written as "\/"
  /// True if every order of the members is tried in this style, not only the usual orders.
  bool in_every_order;
};
constexpr std::array<Style, 12> kStyles{{
    {"compact", ",", ":", 0, false, false, true},
    {"compact, ASCII", ",", ":", 0, true, false, true},
    {"blanks after , and :", ", ", ": ", 0, false, false, true},
    {"blanks after , and :, ASCII", ", ", ": ", 0, true, false, true},
    {"compact, \\/", ",", ":", 0, false, true, false},
    {"compact, ASCII, \\/", ",", ":", 0, true, true, false},
    {"blanks after :", ",", ": ", 0, false, false, false},
    {"indented by 2", ",", ": ", 2, false, false, false},
    {"indented by 4", ",", ": ", 4, false, false, false},
    {"indented by 2, ASCII", ",", ": ", 2, true, false, false},
    {"indented by 4, ASCII", ",", ": ", 4, true, false, false},
    {"indented by 4, \\/", ",", ": ", 4, false, true, false},
}};

/// Orders of the members in notifications that WeChat Pay or its libraries show.
constexpr std::array<std::string_view, 6> kEnvelopeOrder{
    "id", "create_time", "resource_type", "event_type", "summary", "resource"};
constexpr std::array<std::string_view, 6> kEnvelopeOrder2{
    "id", "create_time", "event_type", "resource_type", "resource", "summary"};
constexpr std::array<std::string_view, 5> kResourceOrder{"original_type", "algorithm", "ciphertext",
                                                         "associated_data", "nonce"};
constexpr std::array<std::string_view, 5> kResourceOrder2{"algorithm", "ciphertext", "nonce",
                                                          "original_type", "associated_data"};

struct Member {
  std::string name;
  const rapidjson::Value* value;  ///< null: an empty text
};
using Members = std::vector<Member>;
/// An order of members: the position in the text of each member.
using Order = std::vector<std::size_t>;

class Writer {
 public:
  explicit Writer(const Style& style) : style_(style) {}

  void text(std::string_view value) {
    out_ += '"';
    while (!value.empty()) value.remove_prefix(character(value));
    out_ += '"';
  }
  void value(const rapidjson::Value& value, unsigned depth) {
    if (value.IsString()) {
      text({value.GetString(), value.GetStringLength()});
    } else if (value.IsObject()) {
      container('{', '}', value.MemberCount(), depth, [&](std::size_t i) {
        const auto member = value.MemberBegin() + static_cast<std::ptrdiff_t>(i);
        key({member->name.GetString(), member->name.GetStringLength()});
        this->value(member->value, depth + 1);
      });
    } else if (value.IsArray()) {
      container('[', ']', value.Size(), depth, [&](std::size_t i) {
        this->value(value[static_cast<rapidjson::SizeType>(i)], depth + 1);
      });
    } else {
      scalar(value);
    }
  }
  void key(std::string_view name) {
    text(name);
    out_ += style_.colon;
  }
  /// Writes an object or array; `each` writes one element.
  template <typename Each>
  void container(char open, char close, std::size_t count, unsigned depth, const Each& each) {
    out_ += open;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += style_.comma;
      new_line(depth + 1);
      each(i);
    }
    if (count > 0) new_line(depth);
    out_ += close;
  }
  void raw(std::string_view json) { out_ += json; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void new_line(unsigned depth) {
    if (style_.indent > 0) out_.append(1, '\n').append(depth * style_.indent, ' ');
  }
  void scalar(const rapidjson::Value& value) {
    if (value.IsBool()) {
      out_ += value.GetBool() ? "true" : "false";
    } else if (value.IsInt64()) {
      out_ += std::to_string(value.GetInt64());
    } else if (value.IsUint64()) {
      out_ += std::to_string(value.GetUint64());
    } else if (value.IsDouble()) {
      std::array<char, 32> digits{};
      const int size = std::snprintf(digits.data(), digits.size(), "%.17g", value.GetDouble());
      out_.append(digits.data(), static_cast<std::size_t>(size));
    } else {
      out_ += "null";
    }
  }
  void unicode(std::uint32_t unit) {
    std::array<char, 16> escape{};
    std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(unit));
    out_ += escape.data();
  }
  /// Writes the first character of a text.
  /// \return the length of the character in bytes.
  std::size_t character(std::string_view rest) {
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    const char c = rest.front();
    if (const auto at = kEscaped.find(c); at != std::string_view::npos) {
      out_.append(1, '\\').append(1, kLetters[at]);
    } else if (c == '/' && style_.slashes) {
      out_ += "\\/";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      unicode(static_cast<unsigned char>(c));
    } else if (static_cast<unsigned char>(c) < 0x80 || !style_.ascii) {
      out_ += c;
    } else {
      return escaped(rest);
    }
    return 1;
  }
  std::size_t escaped(std::string_view rest) {
    const base::Utf8Character first = base::first_utf8_character(rest);
    const std::uint32_t code = first.code.value_or(U'?');
    if (code < 0x10000) {
      unicode(code);
    } else {
      unicode(0xD800 + ((code - 0x10000) >> 10U));
      unicode(0xDC00 + ((code - 0x10000) & 0x3FFU));
    }
    return first.bytes;
  }

  const Style& style_;
  std::string out_;
};

/// Converts the name of a member from camelCase or PascalCase, in which other programs write it, to
/// WeChat Pay's snake_case.
std::string snake_case(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (c != base::to_lower(c) && !snake.empty()) snake += '_';
    snake += base::to_lower(c);
  }
  return snake;
}

Members members_of(const rapidjson::Value& object) {
  Members members;
  for (const auto& member : object.GetObject()) {
    // WeChat Pay sends no null; programs write it for fields that were missing.
    if (member.value.IsNull()) continue;
    members.push_back(
        {snake_case({member.name.GetString(), member.name.GetStringLength()}), &member.value});
  }
  return members;
}

Order order_like(const Members& members, std::span<const std::string_view> names) {
  Order order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::ranges::find(names, members[i].name) - names.begin();
  });
  return order;
}

std::vector<Order> usual_orders(const Members& members, std::span<const std::string_view> first,
                                std::span<const std::string_view> second) {
  Order as_is(members.size());
  std::iota(as_is.begin(), as_is.end(), std::size_t{0});
  Order sorted = as_is;
  std::ranges::sort(sorted, {}, [&](std::size_t i) { return members[i].name; });
  return {as_is, order_like(members, first), order_like(members, second), sorted};
}

/// Returns every order of the members, or only the usual orders if there are too many members.
std::vector<Order> every_order(const Members& members, const std::vector<Order>& usual) {
  if (members.size() > kOrderedMembersMax) return usual;
  Order order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<Order> orders;
  do {
    orders.push_back(order);
  } while (std::ranges::next_permutation(order).found);
  return orders;
}

/// The members of one notification, with which texts in all layouts are written.
class Notification {
 public:
  explicit Notification(const rapidjson::Value& root) : members_(members_of(root)) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const Member& member = members_[i];
      if (member.name != "resource" || !member.value->IsObject()) continue;
      resource_ = i;
      resource_members_ = members_of(*member.value);
    }
  }

  bool visit(MemberOrders orders, bool with_empty_associated_data, const LayoutVisitor& visitor) {
    if (with_empty_associated_data) resource_members_.push_back({"associated_data", nullptr});
    const auto outer = usual_orders(members_, kEnvelopeOrder, kEnvelopeOrder2);
    const auto inner = usual_orders(resource_members_, kResourceOrder, kResourceOrder2);
    for (const Style& style : kStyles) {
      if (visit_orders(style, outer, inner, visitor)) return true;
    }
    if (orders == MemberOrders::kUsual) return false;
    const auto every_outer = every_order(members_, outer);
    const auto every_inner = every_order(resource_members_, inner);
    return std::ranges::any_of(kStyles, [&](const Style& style) {
      return style.in_every_order && visit_orders(style, every_outer, every_inner, visitor);
    });
  }
  [[nodiscard]] bool lacks_associated_data() const {
    return resource_ && std::ranges::find(resource_members_, "associated_data", &Member::name) ==
                            resource_members_.end();
  }

 private:
  bool visit_orders(const Style& style, const std::vector<Order>& outer,
                    const std::vector<Order>& inner, const LayoutVisitor& visitor) {
    std::vector<std::string> values;
    for (const Member& member : members_) {
      Writer writer(style);
      writer.value(*member.value, 1);
      values.push_back(writer.take());
    }
    for (const Order& inner_order : inner) {
      if (resource_) values[*resource_] = write_resource(style, inner_order);
      for (const Order& order : outer) {
        Writer writer(style);
        writer.container('{', '}', order.size(), 0, [&](std::size_t i) {
          writer.key(members_[order[i]].name);
          writer.raw(values[order[i]]);
        });
        if (visitor(writer.take(), style.name)) return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::string write_resource(const Style& style, const Order& order) const {
    Writer writer(style);
    writer.container('{', '}', order.size(), 1, [&](std::size_t i) {
      const Member& member = resource_members_[order[i]];
      writer.key(member.name);
      if (member.value == nullptr) {
        writer.text("");
      } else {
        writer.value(*member.value, 2);
      }
    });
    return writer.take();
  }

  Members members_;
  std::optional<std::size_t> resource_;  ///< position of the resource among the members
  Members resource_members_;
};

}  // namespace

bool visit_layouts(std::string_view json, MemberOrders orders, const LayoutVisitor& visit) {
  const auto document = base::parse_object(json, {});
  if (!document) return false;
  Notification notification(document->value());
  if (notification.visit(orders, false, visit)) return true;
  return notification.lacks_associated_data() &&
         notification.visit(MemberOrders::kUsual, true, visit);
}

}  // namespace couponhook::server
