#include "sandbox/local/fixture.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>

#include <rapidjson/error/en.h>

#include "base/json.hpp"
#include "crypto/digest.hpp"
#include "handlers/event_catalogue.hpp"
#include "sandbox/local/json_text.hpp"

namespace couponhook::server {
namespace {

constexpr std::array<std::string_view, 8> kKeys = {
    "event_type", "original_type",   "summary",     "resource",
    "expect",     "associated_data", "create_time", "id"};

/// Returns a notification id that is computed from the event type and the content of the
/// notification. The id is a UUID of version 8, the version for ids made by a custom method (RFC
/// 9562, section 5.8).
std::string derive_id(const std::string& event_type, const std::string& resource) {
  crypto::Sha256 digest = crypto::sha256({event_type, "\n", resource});
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x80);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);
  std::string id = crypto::to_hex(digest).substr(0, 32);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) id.insert(dash, 1, '-');
  return id;
}

/// Reads fixtures (the contents of notifications to be sent) from one file, and collects the
/// problems of all of them.
class FixtureReader {
 public:
  FixtureReader(std::string source, std::vector<base::Problem>& problems)
      : source_(std::move(source)), problems_(problems) {}

  /// Reads the fixture (content of a notification) in the JSON object `text`, and appends the
  /// fixture to `into` if it has no problem.
  /// \param first_line number of the line in the file at which `text` begins; the first line of a
  ///   file is 1.
  void read(std::string_view text, std::size_t first_line, std::vector<Fixture>& into) {
    const auto document = base::parse_object(text, {});
    if (!document) {
      complain(std::string(base::describe(document.error())) + error_position(text, first_line) +
               "; a fixture is one JSON object");
      return;
    }
    const std::size_t problems_before = problems_.size();
    Fixture fixture = read(*document);
    if (problems_.size() == problems_before) into.push_back(std::move(fixture));
  }

 private:
  void complain(std::string message) { problems_.push_back({source_, std::move(message)}); }

  /// Parses invalid JSON again with RapidJSON, and returns the line and the reason of the error,
  /// because the error of base::parse_object() contains no line.
  static std::string error_position(std::string_view text, std::size_t first_line) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    if (!document.HasParseError()) return "";
    const auto before = text.substr(0, document.GetErrorOffset());
    const auto line = first_line + static_cast<std::size_t>(std::ranges::count(before, '\n'));
    return " (line " + std::to_string(line) + ": " +
           rapidjson::GetParseError_En(document.GetParseError()) + ")";
  }

  Fixture read(const rapidjson::Document& document) {
    for (const auto& member : document.GetObject()) {
      const std::string_view name(member.name.GetString(), member.name.GetStringLength());
      if (std::ranges::find(kKeys, name) == kKeys.end()) {
        complain(std::string(name) + ": is not a key of a fixture; remove it");
      }
    }
    Fixture fixture{source_, {}, read_expect(document)};
    Draft& draft = fixture.draft;
    const auto event_type = read_text(document, "event_type");
    if (!document.HasMember("event_type") || (event_type && event_type->empty())) {
      complain("event_type: is missing; name one, like COUPON.USE");
    }
    draft.event_type = event_type.value_or("");
    const handlers::CatalogueEntry* known = handlers::find_event(draft.event_type);
    draft.summary = read_text(document, "summary");
    draft.create_time = read_text(document, "create_time").value_or("");
    draft.original_type = read_text(document, "original_type")
                              .value_or(known ? std::string(known->original_type) : "");
    const bool sealing_is_known = known != nullptr && !known->associated_data.empty();
    draft.associated_data =
        read_text(document, "associated_data")
            .value_or(sealing_is_known ? std::string(known->associated_data) : draft.original_type);
    const auto resource = document.FindMember("resource");
    if (resource == document.MemberEnd() || !resource->value.IsObject()) {
      complain("resource: is not an object; put the decrypted resource there");
    } else {
      draft.resource = to_text(resource->value);
    }
    draft.id = read_text(document, "id").value_or(derive_id(draft.event_type, draft.resource));
    if (draft.id.empty()) complain("id: is empty; remove the key to have one derived");
    return fixture;
  }

  std::optional<std::string> read_text(const rapidjson::Document& document, const char* name) {
    const auto found = document.FindMember(name);
    if (found == document.MemberEnd()) return std::nullopt;
    if (!found->value.IsString()) {
      complain(std::string(name) + ": is not a text; put it in quotes");
      return std::nullopt;
    }
    return std::string(found->value.GetString(), found->value.GetStringLength());
  }

  unsigned read_expect(const rapidjson::Document& document) {
    const auto found = document.FindMember("expect");
    if (found == document.MemberEnd()) return 204;
    const bool is_status =
        found->value.IsUint() && found->value.GetUint() >= 100 && found->value.GetUint() <= 599;
    if (!is_status) complain("expect: is not an HTTP status; give a number from 100 to 599");
    return is_status ? found->value.GetUint() : 204;
  }

  std::string source_;
  std::vector<base::Problem>& problems_;
};

void load_lines(const std::filesystem::path& file, std::string_view text,
                std::vector<Fixture>& fixtures, std::vector<base::Problem>& problems) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view content = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(content.size() + 1, text.size()));
    if (content.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    FixtureReader reader(file.string() + ":" + std::to_string(line), problems);
    reader.read(content, line, fixtures);
  }
}

void load_file(const std::filesystem::path& file, std::vector<Fixture>& fixtures,
               std::vector<base::Problem>& problems) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    problems.push_back({file.string(), "cannot be opened; check the path and its permissions"});
    return;
  }
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (file.extension() == ".ndjson") {
    load_lines(file, text, fixtures, problems);
  } else {
    FixtureReader(file.string(), problems).read(text, 1, fixtures);
  }
}

std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    const bool is_ours = extension == ".json" || extension == ".ndjson";
    if (is_ours && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::vector<Fixture> load_fixtures(const std::vector<std::filesystem::path>& paths,
                                   std::vector<base::Problem>& problems) {
  std::vector<Fixture> fixtures;
  for (const auto& path : paths) {
    std::error_code ec;
    if (!std::filesystem::is_directory(path, ec)) {
      load_file(path, fixtures, problems);
      continue;
    }
    const auto files = list_folder(path);
    if (files.empty()) {
      problems.push_back({path.string(), "has no .json or .ndjson file; name another folder"});
    }
    for (const auto& file : files) load_file(file, fixtures, problems);
  }
  if (fixtures.empty() && problems.empty()) {
    problems.push_back({paths.front().string(), "holds no fixture; put at least one object there"});
  }
  return fixtures;
}

}  // namespace couponhook::server
