#include "server/config/section.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
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

/// Returns the part of an environment variable's name that stands for a key: capital letters, and
/// "_" in place of every other character that is no digit.
std::string variable_part(std::string_view key) {
  std::string part;
  for (const char c : key) {
    const bool is_small = c >= 'a' && c <= 'z';
    part += is_small ? static_cast<char>(c - 'a' + 'A') : base::is_alphanumeric(c) ? c : '_';
  }
  return part;
}

}  // namespace

void ReadContext::refuse_unknown_variables() {
  for (const std::string& name : environment.overrides()) {
    if (known_variables.contains(name)) continue;
    std::string message = "overrides no key of the configuration; unset it";
    const std::string nearest = similar_word(name, known_variables);
    if (!nearest.empty()) message += ", or did you mean \"" + nearest + "\"?";
    problems.push_back({"environment: " + name, message});
  }
}

Section::Section(ReadContext& context, const toml::table& root)
    : Section(context, &root, "", "COUPONHOOK", context.settings) {}

Section::Section(ReadContext& context, const toml::table* table, std::string name,
                 std::string variable, Setting& setting)
    : context_(&context),
      table_(table),
      name_(std::move(name)),
      variable_(std::move(variable)),
      setting_(&setting) {}

std::string Section::variable_of(std::string_view key) const {
  return variable_ + (name_.empty() ? "_" : "__") + variable_part(key);
}

bool Section::any_override(const std::string& start) const {
  const auto names = context_->environment.overrides();
  return std::ranges::any_of(names, [&](const auto& name) { return name.starts_with(start); });
}

Setting& Section::declare(std::string_view key, SettingKind kind, SettingValue preset) {
  Setting* setting = setting_->find(key);
  if (setting == nullptr) setting = &setting_->children.emplace_back();
  setting->key = key;
  setting->kind = kind;
  setting->variable = variable_of(key);
  setting->value = preset;
  setting->preset = std::move(preset);
  return *setting;
}

const toml::node* Section::find(std::string_view key, Setting& setting) {
  known_.emplace(key);
  context_->known_variables.insert(setting.variable);
  if (!name_.empty() && context_->environment(setting.variable)) {
    setting.origin = SettingOrigin::kEnvironment;
    // A reference instead of the value: the value is then taken literally, and messages name the
    // variable.
    return &context_->overrides.emplace_back("${" + setting.variable + "}");
  }
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  if (node != nullptr) setting.origin = SettingOrigin::kFile;
  return node;
}

void Section::amend(std::string_view key, SettingValue value) {
  if (Setting* setting = setting_->find(key)) setting->value = std::move(value);
}

std::string Section::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void Section::report(std::string_view key, std::string message) {
  at_fault_.emplace(key);
  const Setting* setting = setting_->find(key);
  if (setting != nullptr && setting->origin == SettingOrigin::kEnvironment &&
      message.find(setting->variable) == std::string::npos) {
    message += " (set by the environment variable " + setting->variable + ")";
  }
  context_->report(full(key), std::move(message));
}

void Section::require(bool present, std::string_view key, std::string_view what) {
  if (Setting* setting = setting_->find(key)) setting->help = what;
  if (!present && !is_at_fault(key)) report(key, "is missing; set it to " + std::string(what));
}

bool Section::has(std::string_view key) const {
  return (table_ != nullptr && table_->contains(key)) ||
         context_->environment(variable_of(key)).has_value();
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
  Setting& setting = declare(key, SettingKind::kText, into);
  if (const toml::node* node = find(key, setting)) {
    if (auto value = read_text(key, *node)) into = crypto::strip_blanks(*value);
  }
  setting.value = into;
}

void Section::path(std::string_view key, std::filesystem::path& into) {
  std::string value;
  text(key, value);
  if (!value.empty()) into = resolve(value);
  declare(key, SettingKind::kPath, std::string()).value = into.string();
}

void Section::boolean(std::string_view key, bool& into) {
  Setting& setting = declare(key, SettingKind::kBoolean, into);
  const toml::node* node = find(key, setting);
  if (node == nullptr) return;
  if (const auto* value = node->as_boolean()) {
    setting.value = into = value->get();
    return;
  }
  constexpr std::string_view kRule = "must be true or false";
  const auto word = read_expanded(key, *node, kRule);
  if (!word) return;
  if (*word == "true" || *word == "false") {
    setting.value = into = *word == "true";
  } else {
    report(key, std::string(kRule) + "; the value of " + node->as_string()->get() +
                    " is neither: set the environment variable to one of them");
  }
}

std::optional<std::int64_t> Section::read_integer(std::string_view key, std::int64_t preset,
                                                  std::int64_t least, std::int64_t most) {
  Setting& setting = declare(key, SettingKind::kInteger, preset);
  setting.least = least;
  setting.most = most;
  const toml::node* node = find(key, setting);
  if (node == nullptr) return std::nullopt;
  const std::string rule =
      "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const auto value = read_number(key, *node, rule);
  if (!value) return std::nullopt;
  if (*value >= least && *value <= most) {
    setting.value = *value;
    return value;
  }
  report(key, node->is_string() ? rule + "; the value of " + node->as_string()->get() + " is not"
                                : rule);
  return std::nullopt;
}

void Section::number_of(std::string_view key, unsigned& into,
                        std::initializer_list<unsigned> allowed, std::string_view rule) {
  Setting& setting = declare(key, SettingKind::kInteger, static_cast<std::int64_t>(into));
  setting.numbers.assign(allowed.begin(), allowed.end());
  const toml::node* node = find(key, setting);
  if (node == nullptr) return;
  const auto value = read_number(key, *node, rule);
  if (!value) return;
  const auto* found = std::ranges::find_if(
      allowed, [&](unsigned each) { return static_cast<std::int64_t>(each) == *value; });
  if (found == allowed.end()) {
    report(key, std::string(rule));
  } else {
    into = *found;
    setting.value = *value;
  }
}

void Section::duration(std::string_view key, milliseconds& into, std::int64_t least,
                       std::int64_t most) {
  if (const auto value = read_integer(key, into.count(), least, most)) into = milliseconds(*value);
}

void Section::word(std::string_view key, std::string& into,
                   std::initializer_list<std::string_view> allowed) {
  std::string value = into;
  text(key, value);
  setting_->find(key)->words.assign(allowed.begin(), allowed.end());
  if (std::ranges::find(allowed, value) != allowed.end()) {
    into = value;
    return;
  }
  std::string message = "must be one of";
  for (std::string_view word : allowed) message += " \"" + std::string(word) + "\"";
  const std::string nearest = similar_word(value, allowed);
  if (!nearest.empty()) message += "; did you mean \"" + nearest + "\"?";
  report(key, message);
}

std::map<std::string, std::string> Section::all_texts(char joint) {
  std::map<std::string, std::string> all;
  std::map<std::string, std::string> keys_of_variables;
  if (table_ != nullptr) {
    for (const auto& [key, value] : *table_) {
      known_.emplace(key.str());
      all[std::string(key.str())] = read_text(key.str(), value).value_or(std::string());
      keys_of_variables.emplace(variable_of(key.str()), key.str());
    }
  }
  const std::string start = variable_ + "__";
  for (const std::string& variable : context_->environment.overrides()) {
    if (!variable.starts_with(start) || variable.size() == start.size()) continue;
    context_->known_variables.insert(variable);
    const auto in_file = keys_of_variables.find(variable);
    std::string key = variable.substr(start.size());
    for (char& c : key) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      if (c == '_') c = joint;
    }
    if (in_file != keys_of_variables.end()) key = in_file->second;
    all[key] = context_->environment(variable).value_or(std::string());
  }
  setting_->kind = SettingKind::kTextMap;
  setting_->value = all;
  return all;
}

std::optional<Section> Section::table(std::string_view key) {
  known_.emplace(key);
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  if (node != nullptr && !node->is_table()) {
    report(key, "must be a table: [" + full(key) + "]");
    return std::nullopt;
  }
  const std::string variable = variable_of(key);
  if (node == nullptr && !context_->describes && !any_override(variable + "__")) {
    return std::nullopt;
  }
  return Section(*context_, node == nullptr ? nullptr : node->as_table(), full(key), variable,
                 declare(key, SettingKind::kTable, {}));
}

Section Section::table_or_empty(std::string_view key) {
  if (auto found = table(key)) return *std::move(found);
  return Section(*context_, nullptr, full(key), variable_of(key),
                 declare(key, SettingKind::kTable, {}));
}

std::vector<Section> Section::tables(std::string_view key) {
  std::vector<Section> sections;
  known_.emplace(key);
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (node != nullptr && array == nullptr) {
    report(key, "must be a list of tables: [[" + full(key) + "]]");
    return sections;
  }
  Setting& list = declare(key, SettingKind::kTables, {});
  const std::size_t in_file = array == nullptr ? 0 : array->size();
  // The environment may add tables behind those of the file, without a gap in the numbers.
  for (std::size_t index = 0;; ++index) {
    const std::string variable = list.variable + "__" + std::to_string(index);
    const bool is_wanted =
        index < in_file || (context_->describes && index == 0) || any_override(variable + "__");
    if (!is_wanted) return sections;
    const std::string name = full(key) + "[" + std::to_string(index + 1) + "]";
    const toml::table* table = index < in_file ? array->get(index)->as_table() : nullptr;
    if (index < in_file && table == nullptr) {
      context_->report(name, "must be a table: [[" + full(key) + "]]");
      continue;
    }
    sections.push_back(Section(*context_, table, name, variable, list.children.emplace_back()));
  }
}

void Section::refuse_unknown_keys() {
  if (table_ == nullptr) return;
  for (const auto& [key, value] : *table_) {
    const std::string_view unknown = key.str();
    if (known_.contains(unknown)) continue;
    std::string message = "is not a key here; remove it";
    const std::string nearest = similar_word(unknown, known_);
    if (!nearest.empty()) message += ", or did you mean \"" + nearest + "\"?";
    report(unknown, message);
  }
}

}  // namespace couponhook::server
