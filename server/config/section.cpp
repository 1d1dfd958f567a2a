#include "server/config/section.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/pasted_text.hpp"

namespace couponhook::server {
namespace {

/// Returns the text with each ${NAME} replaced by the value of that environment variable. Returns
/// an error message if a variable is not set or the syntax is wrong.
boost::system::result<std::string, std::string> expand(std::string_view text,
                                                       const Environment& environment) {
  using Result = boost::system::result<std::string, std::string>;
  std::string out;
  while (true) {
    const std::size_t start = text.find("${");
    out += text.substr(0, start);
    if (start == std::string_view::npos) return Result(boost::system::in_place_value, out);
    const std::size_t end = text.find('}', start);
    if (end == std::string_view::npos) {
      return Result(boost::system::in_place_error, "has \"${\" without a closing \"}\"");
    }
    const std::string_view name = text.substr(start + 2, end - start - 2);
    if (name.empty()) {
      return Result(boost::system::in_place_error,
                    "has \"${}\", which names no environment variable; write ${NAME}");
    }
    const auto value = environment(name);
    if (!value) {
      return Result(boost::system::in_place_error,
                    "names the environment variable " + std::string(name) +
                        ", which is not set; set it or write the value here");
    }
    out += *value;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

Section::Section(ReadContext& context, const toml::table* table, std::string name)
    : context_(&context), table_(table), name_(std::move(name)) {}

std::string Section::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void Section::report(std::string_view key, std::string message) {
  at_fault_.emplace(key);
  context_->report(full(key), std::move(message));
}

void Section::require(bool present, std::string_view key, std::string_view what) {
  if (!present && !is_at_fault(key)) report(key, "is missing; set it to " + std::string(what));
}

bool Section::has(std::string_view key) const {
  return table_ != nullptr && table_->contains(key);
}

const toml::node* Section::find(std::string_view key) {
  known_.emplace(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

std::filesystem::path Section::resolve(const std::string& text) const {
  if (text.empty()) return {};
  return context_->directory / text;
}

std::optional<std::string> Section::read_text(std::string_view key, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    report(key, "must be a string in quotes");
    return std::nullopt;
  }
  auto expanded = expand(value->get(), context_->environment);
  if (!expanded) {
    report(key, expanded.error());
    return std::nullopt;
  }
  return *expanded;
}

std::optional<std::string> Section::read_expanded(std::string_view key, const toml::node& node,
                                                  std::string_view rule) {
  const auto* value = node.as_string();
  const std::string written = value == nullptr ? std::string() : value->get();
  if (written.find("${") == std::string::npos) {
    report(key, std::string(rule) + (value == nullptr ? "" : ", without quotes"));
    return std::nullopt;
  }
  auto expanded = read_text(key, node);
  if (!expanded) return std::nullopt;
  return std::string(crypto::strip_blanks(*expanded));
}

std::optional<std::int64_t> Section::read_number(std::string_view key, const toml::node& node,
                                                 std::string_view rule) {
  if (const auto* value = node.as_integer()) return value->get();
  const auto digits = read_expanded(key, node, rule);
  if (!digits) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = digits->data() + digits->size();
  const auto [stop, failure] = std::from_chars(digits->data(), end, number);
  if (failure == std::errc() && stop == end && !digits->empty()) return number;
  // Do not repeat the environment variable's value in the message, because the value may be a
  // secret.
  report(key, std::string(rule) + "; the value of " + node.as_string()->get() +
                  " is not: correct the environment variable");
  return std::nullopt;
}

void Section::text(std::string_view key, std::string& into) {
  if (const toml::node* node = find(key)) {
    if (auto value = read_text(key, *node)) into = crypto::strip_blanks(*value);
  }
}

void Section::path(std::string_view key, std::filesystem::path& into) {
  std::string value;
  text(key, value);
  if (!value.empty()) into = resolve(value);
}

void Section::boolean(std::string_view key, bool& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto* value = node->as_boolean()) {
    into = value->get();
    return;
  }
  constexpr std::string_view kRule = "must be true or false";
  const auto word = read_expanded(key, *node, kRule);
  if (!word) return;
  if (*word == "true" || *word == "false") {
    into = *word == "true";
  } else {
    report(key, std::string(kRule) + "; the value of " + node->as_string()->get() +
                    " is neither: set the environment variable to one of them");
  }
}

std::optional<std::int64_t> Section::read_integer(std::string_view key, std::int64_t least,
                                                  std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const std::string rule =
      "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const auto value = read_number(key, *node, rule);
  if (!value || (*value >= least && *value <= most)) return value;
  report(key, node->is_string() ? rule + "; the value of " + node->as_string()->get() + " is not"
                                : rule);
  return std::nullopt;
}

void Section::number_of(std::string_view key, unsigned& into,
                        std::initializer_list<unsigned> allowed, std::string_view rule) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto value = read_number(key, *node, rule);
  if (!value) return;
  const auto* found = std::ranges::find_if(
      allowed, [&](unsigned each) { return static_cast<std::int64_t>(each) == *value; });
  if (found == allowed.end()) {
    report(key, std::string(rule));
  } else {
    into = *found;
  }
}

void Section::duration(std::string_view key, milliseconds& into, std::int64_t least,
                       std::int64_t most) {
  if (const auto value = read_integer(key, least, most)) into = milliseconds(*value);
}

void Section::raw_texts(std::string_view key, std::vector<std::string>& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) {
    report(key, "must be a list of strings: [\"…\"]");
    return;
  }
  into.clear();
  for (const toml::node& element : *array) {
    if (auto value = read_text(key, element)) into.push_back(std::move(*value));
  }
}

void Section::texts(std::string_view key, std::vector<std::string>& into) {
  raw_texts(key, into);
  for (std::string& value : into) value = std::string(crypto::strip_blanks(value));
}

void Section::paths(std::string_view key, std::vector<std::filesystem::path>& into) {
  std::vector<std::string> values;
  texts(key, values);
  for (const std::string& value : values) into.push_back(resolve(value));
}

void Section::word(std::string_view key, std::string& into,
                   std::initializer_list<std::string_view> allowed) {
  std::string value = into;
  text(key, value);
  if (std::ranges::find(allowed, value) != allowed.end()) {
    into = value;
    return;
  }
  std::string message = "must be one of";
  for (std::string_view word : allowed) message += " \"" + std::string(word) + "\"";
  report(key, message);
}

std::map<std::string, std::string> Section::all_texts() {
  std::map<std::string, std::string> all;
  for (const auto& [key, value] : *table_) {
    known_.emplace(key.str());
    all[std::string(key.str())] = read_text(key.str(), value).value_or(std::string());
  }
  return all;
}

std::optional<Section> Section::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) {
    report(key, "must be a table: [" + full(key) + "]");
    return std::nullopt;
  }
  return Section(*context_, node->as_table(), full(key));
}

std::vector<Section> Section::tables(std::string_view key) {
  std::vector<Section> sections;
  const toml::node* node = find(key);
  if (node == nullptr) return sections;
  const auto* array = node->as_array();
  if (array == nullptr) {
    report(key, "must be a list of tables: [[" + full(key) + "]]");
    return sections;
  }
  std::size_t number = 0;
  for (const toml::node& element : *array) {
    const std::string name = full(key) + "[" + std::to_string(++number) + "]";
    if (const auto* table = element.as_table()) {
      sections.emplace_back(*context_, table, name);
    } else {
      context_->report(name, "must be a table: [[" + full(key) + "]]");
    }
  }
  return sections;
}

void Section::refuse_unknown_keys() {
  if (table_ == nullptr) return;
  for (const auto& [key, value] : *table_) {
    const std::string_view unknown = key.str();
    if (known_.contains(unknown)) continue;
    std::string_view nearest;
    // A key that differs in 4 or more characters from every known key is not a misspelling of one.
    std::size_t distance = 4;
    for (const std::string& candidate : known_) {
      const std::size_t d = edit_distance(unknown, candidate);
      if (d < distance) {
        distance = d;
        nearest = candidate;
      }
    }
    std::string message = "is not a key here; remove it";
    if (!nearest.empty()) message += ", or did you mean \"" + std::string(nearest) + "\"?";
    report(unknown, message);
  }
}

}  // namespace couponhook::server
