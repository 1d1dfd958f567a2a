#include "server/repair/body_repairs.hpp"

#include <array>
#include <optional>
#include <utility>

#include <boost/algorithm/string/replace.hpp>

#include "base/base64.hpp"
#include "base/percent_encoding.hpp"
#include "base/text_encoding.hpp"
#include "handlers/event_catalogue.hpp"
#include "server/net/chunked_decoder.hpp"
#include "server/repair/backslashes.hpp"
#include "server/repair/inflate.hpp"

namespace couponhook::server {
namespace {

using enum Damage;

constexpr std::string_view kMark = "\xEF\xBB\xBF";

/// Collects repaired bodies, each of them once.
class Repairs {
 public:
  explicit Repairs(std::string_view original) : original_(original) {}

  void add(std::optional<std::string> body, Damage damage, std::string detail = {}) {
    if (!body || *body == original_ || body->empty()) return;
    for (const RepairedBody& known : repairs_) {
      if (known.body == *body) return;
    }
    repairs_.push_back({std::move(*body), {damage, std::move(detail)}});
  }
  std::vector<RepairedBody> take() { return std::move(repairs_); }

 private:
  std::string_view original_;
  std::vector<RepairedBody> repairs_;
};

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string copy(text);
  boost::algorithm::replace_all(copy, from, to);
  return copy;
}

/// Returns the text without the given characters at its end.
std::string_view trim_end(std::string_view text, std::string_view characters) {
  return text.substr(0, text.find_last_not_of(characters) + 1);
}

void repair_ends(std::string_view body, Repairs& repairs) {
  constexpr std::string_view kBlanks{" \t\r\n\0", 5};
  if (body.ends_with("\r\n"))
    repairs.add(std::string(body.substr(0, body.size() - 2)), kNewlineAdded, "CRLF");
  if (body.ends_with('\n'))
    repairs.add(std::string(body.substr(0, body.size() - 1)), kNewlineAdded, "LF");
  repairs.add(std::string(trim_end(body, "\r\n")), kNewlineAdded, "several line ends");
  repairs.add(std::string(trim_end(body, kBlanks)), kBlanksAdded, "after the body");
  const auto begin = body.find_first_not_of(kBlanks);
  if (begin != std::string_view::npos) {
    repairs.add(std::string(body.substr(begin)), kBlanksAdded, "before the body");
    repairs.add(std::string(trim_end(body.substr(begin), kBlanks)), kBlanksAdded,
                "around the body");
  }
  repairs.add(std::string(body) + '\n', kNewlineRemoved, "LF");
  repairs.add(std::string(body) + "\r\n", kNewlineRemoved, "CRLF");
  if (body.starts_with(kMark)) repairs.add(std::string(body.substr(3)), Damage::kByteOrderMark);
}

void repair_line_ends(std::string_view body, Repairs& repairs) {
  const std::string line_feeds = replaced(body, "\r\n", "\n");
  repairs.add(line_feeds, kCrLf, "LF became CRLF");
  repairs.add(replaced(line_feeds, "\n", "\r\n"), kCrLf, "CRLF became LF");
  repairs.add(replaced(body, "\r", "\n"), kCrLf, "LF became CR");
  repairs.add(replaced(replaced(body, "\r", ""), "\n", ""), kCrLf, "line ends were inserted");
}

/// Replaces blanks by '+' within the strings of a JSON text, and leaves blanks between them.
std::string plus_in_strings(std::string_view body) {
  std::string repaired(body);
  bool in_string = false;
  for (std::size_t i = 0; i < repaired.size(); ++i) {
    if (repaired[i] == '\\') {
      ++i;
    } else if (repaired[i] == '"') {
      in_string = !in_string;
    } else if (in_string && repaired[i] == ' ') {
      repaired[i] = '+';
    }
  }
  return repaired;
}

void repair_url_encoding(std::string_view body, Repairs& repairs) {
  repairs.add(plus_in_strings(body), kPlusBecameBlank, "in the strings of the body");
  repairs.add(replaced(body, " ", "+"), kPlusBecameBlank, "in the body");
  // A form parser sees the body as one name without a value, and may write it with a '='.
  const std::string_view name = body.ends_with('=') ? body.substr(0, body.size() - 1) : body;
  repairs.add(base::percent_decode(name), kPercentEncoded, "the body");
  repairs.add(base::percent_decode(replaced(name, "+", " ")), kPercentEncoded,
              "the body, as a form");
  repairs.add(std::string(name), kPercentEncoded, "a = was added");
}

void repair_charset(std::string_view body, Repairs& repairs) {
  struct Conversion {
    const char* from;
    const char* to;
    std::string_view detail;
  };
  constexpr std::array<Conversion, 8> kConversions{{
      {"GB18030", "UTF-8", "from UTF-8 to GBK"},
      {"UTF-8", "GB18030", "UTF-8 was read as GBK and written as UTF-8"},
      {"UTF-8", "ISO-8859-1", "UTF-8 was read as ISO-8859-1 and written as UTF-8"},
      {"UTF-8", "WINDOWS-1252", "UTF-8 was read as Windows-1252 and written as UTF-8"},
      {"BIG5", "UTF-8", "from UTF-8 to Big5"},
      {"UTF-16LE", "UTF-8", "from UTF-8 to UTF-16"},
      {"UTF-16BE", "UTF-8", "from UTF-8 to UTF-16"},
      {"UTF-16", "UTF-8", "from UTF-8 to UTF-16 with a byte order mark"},
  }};
  for (const Conversion& conversion : kConversions) {
    repairs.add(base::convert_encoding(body, conversion.from, conversion.to), kCharset,
                std::string(conversion.detail));
  }
}

/// Replaces the summary by the summaries that WeChat Pay sends. The summary is the only part of a
/// notification with characters outside ASCII.
void repair_summary(std::string_view body, Repairs& repairs) {
  constexpr std::string_view kKey = "\"summary\"";
  const auto at = body.find(kKey);
  if (at == std::string_view::npos) return;
  const auto open = body.find('"', at + kKey.size());
  if (open == std::string_view::npos) return;
  const auto close = body.find('"', open + 1);
  if (close == std::string_view::npos) return;
  // A summary in \uXXXX escapes is complete: the body was serialised again.
  if (body.substr(open, close - open).find("\\u") != std::string_view::npos) return;
  const std::string before(body.substr(0, open + 1));
  const std::string after(body.substr(close));
  for (const handlers::CatalogueEntry& entry : handlers::event_catalogue()) {
    if (entry.summary.empty()) continue;
    repairs.add(before + std::string(entry.summary) + after, kCharactersLost);
  }
  repairs.add(before + "用券成功" + after, kCharactersLost);
}

void repair_escapes(std::string_view body, Repairs& repairs) {
  if (body.find('\\') != std::string_view::npos || body.starts_with('"')) {
    std::string_view quoted = body;
    if (quoted.size() >= 2 && quoted.starts_with('"') && quoted.ends_with('"')) {
      quoted = quoted.substr(1, quoted.size() - 2);
      repairs.add(remove_backslashes(quoted), kBackslashes, "the body is a JSON string");
    }
    repairs.add(remove_backslashes(body), kBackslashes);
  }
  std::string html(body);
  for (const std::string_view quote : {"&quot;", "&#34;", "&#034;", "&#x22;"}) {
    html = replaced(html, quote, "\"");
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kEntities{{
      {"&#43;", "+"},
      {"&#x2B;", "+"},
      {"&#47;", "/"},
      {"&#x2F;", "/"},
      {"&#61;", "="},
      {"&#x3D;", "="},
      {"&lt;", "<"},
      {"&gt;", ">"},
      {"&amp;", "&"},
  }};
  for (const auto& [entity, character] : kEntities) html = replaced(html, entity, character);
  repairs.add(std::move(html), kHtmlEscaped);
}

void repair_transfer(std::string_view body, std::size_t bytes_max, Repairs& repairs) {
  constexpr std::string_view kGzipMagic = "\x1F\x8B";
  repairs.add(inflate_bytes(body, bytes_max), kCompressed,
              body.starts_with(kGzipMagic) ? "gzip" : "deflate");
  ChunkedDecoder chunks(bytes_max, bytes_max);
  std::string decoded;
  std::string_view rest = body;
  chunks.put(rest, decoded);
  if (chunks.state() == ChunkedDecoder::State::kDone) repairs.add(std::move(decoded), kChunkSizes);
  repairs.add(base::base64_decode(trim_end(body, "\r\n")), kBase64);
}

}  // namespace

std::vector<RepairedBody> repair_body(std::string_view body, std::size_t bytes_max) {
  Repairs repairs(body);
  repair_ends(body, repairs);
  repair_transfer(body, bytes_max, repairs);
  repair_line_ends(body, repairs);
  repair_url_encoding(body, repairs);
  repair_escapes(body, repairs);
  repair_charset(body, repairs);
  if (!body.empty() && body.find("summary") != std::string_view::npos)
    repair_summary(body, repairs);
  return repairs.take();
}

}  // namespace couponhook::server
