#include "sandbox/multipart_form.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/ascii.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::string_view kMultipart = "multipart/form-data";
constexpr std::size_t kBoundaryMax = 70;  // RFC 2046, section 5.1.1
constexpr std::size_t kPartsMax = 8;
constexpr std::size_t kPartHeaderMax = 4096;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string_view boundary_of(std::string_view content_type) {
  constexpr std::string_view kName = "boundary=";
  const std::size_t at = content_type.find(kName);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = content_type.substr(at + kName.size());
  return trimmed(rest.substr(0, rest.find(';')));
}

/// Returns the value between quotes of a parameter in a Content-Disposition header.
std::string_view parameter(std::string_view header, std::string_view name) {
  for (std::size_t at = header.find(name); at != std::string_view::npos;
       at = header.find(name, at + 1)) {
    const bool begins_here = at > 0 && (header[at - 1] == ' ' || header[at - 1] == ';');
    const std::string_view rest = header.substr(at + name.size());
    if (!begins_here || !rest.starts_with("=\"")) continue;
    std::size_t end = 2;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2U : 1U;
    if (end < rest.size()) return rest.substr(2, end - 2);
  }
  return {};
}

/// Reads one part: its header lines, an empty line, its content.
std::optional<FormPart> read_part(std::string_view text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos || end > kPartHeaderMax) return std::nullopt;
  std::string_view headers = text.substr(0, end);
  FormPart part{{}, {}, text.substr(end + 4)};
  while (!headers.empty()) {
    const std::string_view line = headers.substr(0, headers.find("\r\n"));
    headers.remove_prefix(std::min(headers.size(), line.size() + 2));
    if (!base::starts_ignoring_case(line, "Content-Disposition:")) continue;
    part.name = parameter(line, "name");
    part.file_name = parameter(line, "filename");
  }
  if (part.name.empty()) return std::nullopt;
  return part;
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  return base::starts_ignoring_case(content_type, kMultipart);
}

std::vector<FormPart> read_form(std::string_view content_type, std::string_view body) {
  const std::string_view boundary = boundary_of(content_type);
  if (!is_multipart(content_type) || boundary.empty() || boundary.size() > kBoundaryMax) return {};
  const std::string delimiter = "\r\n--" + std::string(boundary);
  // The first delimiter need not come after a line end.
  if (!body.starts_with(std::string_view(delimiter).substr(2))) return {};
  std::string_view rest = body.substr(delimiter.size() - 2);
  std::vector<FormPart> parts;
  while (!rest.starts_with("--")) {
    if (!rest.starts_with("\r\n") || parts.size() == kPartsMax) return {};
    // The line end before the next delimiter belongs to the delimiter, also where the part is
    // empty.
    rest.remove_prefix(2);
    const std::size_t end = rest.find(delimiter);
    if (end == std::string_view::npos) return {};
    const auto part = read_part(rest.substr(0, end));
    if (!part) return {};
    parts.push_back(*part);
    rest.remove_prefix(end + delimiter.size());
  }
  return parts;
}

const FormPart* find_part(const std::vector<FormPart>& form, std::string_view name) {
  const auto found = std::ranges::find(form, name, &FormPart::name);
  return found == form.end() ? nullptr : &*found;
}

std::string_view signed_content(std::string_view content_type, std::string_view body) {
  const auto form = read_form(content_type, body);
  const FormPart* const meta = find_part(form, "meta");
  return meta == nullptr || !meta->file_name.empty() ? std::string_view() : meta->content;
}

}  // namespace couponhook::server::sandbox
