#include "base/repaired_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "base/string_repairer.hpp"

namespace couponhook::base {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";
constexpr std::string_view kSpace = " \t\r\n";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Returns true if the text is a number in JSON syntax (RFC 8259, section 6).
bool is_number(std::string_view text) {
  const auto skip_digits = [&text] {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end != 0;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0')) {
    text.remove_prefix(1);
  } else if (!skip_digits()) {
    return false;
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  return text.empty();
}

/// Returns true if a variable of type double can hold the number, exactly or rounded.
bool is_in_range(std::string_view number) {
  double value = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return error == std::errc{} && stop == number.data() + number.size();
}

/// The values found for one watched JSON member (a member that identifies the coupon, the order or
/// the time, so two parsers must not read different values of it). Collected while the JSON text is
/// read.
struct Watch {
  std::string_view path;
  std::string value{};  // first value found for the watched JSON member
  bool is_seen = false;
  bool is_valid = true;  // true if every value found for the watched JSON member was free of flaws
  bool differs = false;  // true if two different values were found for the watched JSON member
  // Number of the last parent object in which the watched JSON member was found. Parent objects
  // are numbered from 1 in the order of the text; the outermost object has the number 0.
  std::size_t holder = 0;
  std::size_t holders = 0;  // number of parent objects in which the watched JSON member was found
  // Number of parent objects (except the outermost object) read so far in which the watched JSON
  // member may occur. A parent object whose key occurs a second time is counted too.
  std::size_t occasions = 0;
};

class ObjectRepairer {
 public:
  ObjectRepairer(std::string_view text, const JsonLimits& limits,
                 std::span<const std::string_view> watched)
      : rest_(text), limits_(limits) {
    for (const std::string_view path : watched) watches_.push_back({.path = path});
    out_.reserve(text.size() + 64);
  }

  std::optional<RepairedObject> run() {
    if (rest_.starts_with(kMark)) {
      note(JsonFlaw::kByteOrderMark);
      rest_.remove_prefix(kMark.size());
    }
    skip_space();
    if (!rest_.starts_with('{')) return {};
    open_container({});
    while (!frames_.empty()) {
      if (!step()) return {};
    }
    skip_space();
    if (!rest_.empty()) {
      // A second JSON text follows the first one. Nobody knows which of the two the sender means,
      // so refuse both.
      if (rest_.find_first_of("{[\"") != std::string_view::npos) return {};
      note(JsonFlaw::kTrailing);
    }
    return RepairedObject{std::move(out_), flaws_, first_uncertain()};
  }

 private:
  /// A JSON object or array that is not closed yet.
  struct Frame {
    bool is_object = true;
    // True if a comma must be written to the output before the next value of this object or array.
    bool has_written = false;
    // True if the input text must have a comma before the next value of this object or array.
    bool has_read = false;
    bool after_comma = false;
    bool is_dropped = false;
    // Length of the output text before this object or array began. If the object or array is
    // dropped, the output is cut back to this length.
    std::size_t begin = 0;
    // Path of this JSON object in the text, such as "consume_information"; empty for the outermost
    // object.
    std::string path;
    // True if members of this object may be watched (identifying) members. Members of an object
    // inside an array never are.
    bool has_path = false;
    std::set<std::string, std::less<>> keys;
  };

  void note(JsonFlaw flaw) { flaws_ |= static_cast<std::uint16_t>(flaw); }

  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
  }

  /// Reads the next item of the innermost open object or array: a comma, the closing bracket, or
  /// one member with its value. If the value is itself an object or array, reads only its opening
  /// bracket.
  /// \return false if the text cannot be repaired.
  bool step() {
    Frame& frame = frames_.back();
    skip_space();
    if (rest_.empty()) return false;
    const char next = rest_.front();
    if (next == '}' || next == ']') return close_container(next);
    if (frame.has_read && !frame.after_comma) {
      if (next != ',') return false;
      rest_.remove_prefix(1);
      frame.after_comma = true;
      return true;
    }
    frame.has_read = true;
    frame.after_comma = false;
    return frame.is_object ? take_member() : take_value(out_.size(), false, {});
  }

  bool take_member() {
    Frame& frame = frames_.back();
    if (!rest_.starts_with('"')) return false;
    rest_.remove_prefix(1);
    const std::size_t begin = out_.size();
    if (frame.has_written) out_ += ',';
    StringRepairer key(rest_, out_);
    if (!key.run()) return false;
    flaws_ |= key.flaws();
    skip_space();
    if (!rest_.starts_with(':')) return false;
    rest_.remove_prefix(1);
    out_ += ':';
    std::string path;
    // A key that had to be repaired is never taken for a watched (identifying) member, even if the
    // repaired key is the name of a watched member.
    if (frame.has_path && key.flaws() == 0 && frames_.size() <= 2) {
      path = frame.path.empty() ? key.value() : frame.path + "." + key.value();
    }
    const bool is_new = frame.keys.insert(std::move(key.value())).second;
    if (!is_new) note(JsonFlaw::kDuplicateKey);
    return take_value(begin, !is_new, std::move(path));
  }

  /// Reads one JSON value and writes it to the output.
  /// \param begin length to which the output is cut back if the value is dropped.
  /// \param path path of the value if it may be a watched (identifying) member, such as
  ///   "coupon_id"; empty for all other values.
  /// \return false if the text cannot be repaired.
  bool take_value(std::size_t begin, bool is_dropped, std::string path) {
    skip_space();
    if (rest_.empty()) return false;
    if (!frames_.back().is_object && frames_.back().has_written) out_ += ',';
    count_occasion(path);
    if (++values_ > limits_.values_max) note(JsonFlaw::kTooMany);
    const char first = rest_.front();
    if (first == '{' || first == '[') {
      see(path, "{", false);
      const bool holds_watched = !path.empty() && is_watched_holder(path);
      if (frames_.size() >= limits_.depth_max || (is_over() && !holds_watched)) {
        if (frames_.size() >= limits_.depth_max) note(JsonFlaw::kTooDeep);
        if (!skip_container()) return false;
        out_ += "null";
        return end_value(begin, is_dropped || is_over());
      }
      Frame child;
      child.is_object = first == '{';
      child.is_dropped = is_dropped;
      child.begin = begin;
      child.has_path = holds_watched && child.is_object;
      if (child.has_path) child.path = std::move(path);
      open_container(std::move(child));
      return true;
    }
    const bool taken = first == '"' ? take_string(path) : take_token(path);
    return taken && end_value(begin, is_dropped || (is_over() && !is_watched(path)));
  }

  [[nodiscard]] bool is_over() const { return values_ > limits_.values_max; }

  bool end_value(std::size_t begin, bool is_dropped) {
    if (is_dropped) {
      out_.resize(begin);
    } else {
      frames_.back().has_written = true;
    }
    return true;
  }

  bool take_string(const std::string& path) {
    rest_.remove_prefix(1);
    StringRepairer text(rest_, out_);
    if (!text.run()) return false;
    flaws_ |= text.flaws();
    see(path, "\"" + text.value(), text.flaws() == 0);
    return true;
  }

  /// Reads a JSON number, true, false, null, or an unknown word without quotes.
  bool take_token(const std::string& path) {
    constexpr std::string_view kTokenBytes =
        "+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const std::size_t size = std::min(rest_.find_first_not_of(kTokenBytes), rest_.size());
    if (size == 0) return false;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    // Number of decimal digits that always fit into a uint64_t.
    constexpr std::size_t kExactDigits = 19;
    const bool is_literal = token == "true" || token == "false" || token == "null";
    const bool is_valid = is_literal || is_number(token);
    // WeChat Pay may send an id as a number. Write a number of more than 19 digits as a string,
    // because a parser that stores the number as a double would lose the last digits.
    const bool is_long = is_valid && is_digits(token) && size > kExactDigits;
    const bool is_value = is_literal || (is_valid && is_in_range(token));
    if (!is_value) note(JsonFlaw::kNumber);
    if (is_value && !is_long) {
      out_ += token;
    } else {
      out_.append("\"").append(token).append("\"");
    }
    see(path, (is_digits(token) ? "\"" : "") + std::string(token), is_valid);
    return true;
  }

  void open_container(Frame frame) {
    if (frames_.empty()) frame.has_path = true;
    out_ += frame.is_object ? '{' : '[';
    rest_.remove_prefix(1);
    frames_.push_back(std::move(frame));
  }

  bool close_container(char bracket) {
    const Frame& frame = frames_.back();
    if (frame.is_object != (bracket == '}')) return false;
    if (frame.after_comma) note(JsonFlaw::kComma);
    rest_.remove_prefix(1);
    out_ += bracket;
    const std::size_t begin = frame.begin;
    const bool is_dropped = frame.is_dropped;
    frames_.pop_back();
    return frames_.empty() || end_value(begin, is_dropped);
  }

  /// Skips an object or array. Reads only its strings and brackets and checks nothing else.
  bool skip_container() {
    std::string open;
    std::string ignored;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        ignored.clear();
        if (!StringRepairer(rest_, ignored).run()) return false;
      } else if (c == '{' || c == '[') {
        open += c;
      } else if (c == '}' || c == ']') {
        if (open.back() != (c == '}' ? '{' : '[')) return false;
        open.pop_back();
        if (open.empty()) return true;
      }
    }
    return false;
  }

  [[nodiscard]] static bool holds(std::string_view holder, std::string_view path) {
    return path.size() > holder.size() && path.starts_with(holder) && path[holder.size()] == '.';
  }
  [[nodiscard]] bool is_watched(std::string_view path) const {
    return !path.empty() &&
           std::ranges::any_of(watches_, [&](const Watch& watch) { return watch.path == path; });
  }
  [[nodiscard]] bool is_watched_holder(std::string_view path) const {
    return std::ranges::any_of(watches_,
                               [&](const Watch& watch) { return holds(path, watch.path); });
  }

  void count_occasion(std::string_view path) {
    if (path.empty()) return;
    for (Watch& watch : watches_) {
      if (holds(path, watch.path)) ++watch.occasions;
    }
  }

  void see(std::string_view path, std::string value, bool is_valid) {
    if (path.empty()) return;
    const auto watch = std::ranges::find(watches_, path, &Watch::path);
    if (watch == watches_.end()) return;
    if (!watch->is_seen) {
      watch->value = std::move(value);
    } else if (watch->value != value) {
      watch->differs = true;
    }
    if (!watch->is_seen || watch->holder != watch->occasions) ++watch->holders;
    watch->is_seen = true;
    watch->is_valid = watch->is_valid && is_valid;
    watch->holder = watch->occasions;
  }

  [[nodiscard]] std::string first_uncertain() const {
    for (const Watch& watch : watches_) {
      if (!watch.is_seen) continue;
      if (!watch.is_valid) return std::string(watch.path).append(" is invalid");
      // The parent object may occur twice in the text, once with the watched (identifying) member
      // and once without it. Two parsers could then read different values, so the member is
      // uncertain too.
      if (watch.differs || watch.holders < watch.occasions) {
        return std::string(watch.path).append(" comes twice with different values");
      }
    }
    return {};
  }

  std::string_view rest_;
  const JsonLimits& limits_;
  std::string out_;
  std::vector<Frame> frames_;
  std::vector<Watch> watches_;
  std::size_t values_ = 1;  // number of JSON values read so far, including the outermost object
  std::uint16_t flaws_ = 0;
};

}  // namespace

std::string describe_flaws(std::uint16_t flaws) {
  struct FlawText {
    JsonFlaw flaw;
    std::string_view words;
  };
  constexpr std::array kFlawTexts{
      FlawText{JsonFlaw::kByteOrderMark, "a byte order mark before it"},
      FlawText{JsonFlaw::kControlCharacter, "a control character in a string"},
      FlawText{JsonFlaw::kNotUtf8, "bytes in a string that are not UTF-8"},
      FlawText{JsonFlaw::kSurrogate, "half of a surrogate pair in a string"},
      FlawText{JsonFlaw::kEscape, "an invalid escape in a string"},
      FlawText{JsonFlaw::kDuplicateKey, "a key that comes twice"},
      FlawText{JsonFlaw::kNumber, "a number out of range, or an unknown literal"},
      FlawText{JsonFlaw::kTooDeep, "a part that is nested too deeply"},
      FlawText{JsonFlaw::kTooMany, "too many values"},
      FlawText{JsonFlaw::kComma, "a comma behind the last member"},
      FlawText{JsonFlaw::kTrailing, "bytes behind its end"},
  };
  std::string text;
  for (const auto& [flaw, words] : kFlawTexts) {
    if ((flaws & static_cast<std::uint16_t>(flaw)) == 0) continue;
    text.append(text.empty() ? "" : ", ").append(words);
  }
  return text;
}

std::optional<RepairedObject> repair_object(std::string_view text, const JsonLimits& limits,
                                            std::span<const std::string_view> watched) {
  return ObjectRepairer(text, limits, watched).run();
}

}  // namespace couponhook::base
