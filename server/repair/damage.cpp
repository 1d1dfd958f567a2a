#include "server/repair/damage.hpp"

namespace couponhook::server {
namespace {

using enum Damage;

constexpr std::string_view kForwardBytes =
    "forward the body's bytes unchanged: read them once, as bytes, before any parser or framework";

constexpr std::array<DamageRow, kDamageCount> kTable{{
    {kNewlineAdded, "newline_added", "a trailing newline was added to the body",
     "send the body without the line end; scripts add it with echo, println or a text editor"},
    {kNewlineRemoved, "newline_removed", "the trailing newline of the body was removed",
     "do not trim the body"},
    {kBlanksAdded, "blanks_added", "white space or NUL bytes were added before or after the body",
     "send exactly the bytes that arrived; check the length of the buffer that is sent"},
    {kCrLf, "line_ends_converted", "line ends of the body were converted (CRLF and LF)",
     "transfer the body as binary data, not as text"},
    {kByteOrderMark, "byte_order_mark_added", "a byte order mark was added before the body",
     "write UTF-8 without a byte order mark"},
    {kReserialised, "reserialised",
     "the body was re-serialised: a program parsed the JSON and wrote it again", kForwardBytes},
    {kCompressed, "compressed", "the body was compressed and not decompressed again",
     "switch off the compression of requests between the proxy and couponhook"},
    {kPlusBecameBlank, "plus_became_blank", "every + became a blank, as form decoding does",
     "do not decode the body or the headers as application/x-www-form-urlencoded"},
    {kPercentEncoded, "percent_encoded", "the body or a header was percent-encoded",
     "do not encode the body or the headers for URLs"},
    {kCharset, "charset_converted", "the charset of the body was converted", kForwardBytes},
    {kCharactersLost, "characters_lost",
     "characters of the summary were lost in a conversion of the charset", kForwardBytes},
    {kBackslashes, "escaped", "the body was escaped with backslashes, or written as a JSON string",
     "forward the body itself, not a quoted copy of it"},
    {kHtmlEscaped, "html_escaped", "the body was escaped for HTML",
     "switch off the filter that replaces quotes by &quot; for this path"},
    {kChunkSizes, "chunk_sizes_in_body",
     "the sizes of the chunked transfer coding are part of the body",
     "let the proxy decode Transfer-Encoding: chunked, or keep that header"},
    {kBase64, "base64_encoded",
     "the body was encoded as base64, as API gateways do for binary data",
     "decode the body before it is forwarded (isBase64Encoded of an API gateway)"},
    {kHeadersSwapped, "headers_swapped", "the values of two Wechatpay-* headers were swapped",
     "correct the code or configuration that copies the headers one by one"},
    {kHeaderDoubled, "header_doubled", "a Wechatpay-* header came twice and was joined",
     "add each header once; two proxies in a row may both add it"},
    {kHeaderQuoted, "header_quoted", "a Wechatpay-* header got quotes or blanks",
     "forward the values of the headers unchanged"},
    {kSerialReplaced, "serial_replaced",
     "Wechatpay-Serial was replaced: another key made the signature",
     "forward the Wechatpay-Serial header that WeChat Pay sent, not a configured serial"},
    {kBodyTruncated, "body_truncated", "the body was truncated",
     "raise the limit for bodies of the proxy, or of the log that captured the request"},
    {kBodyEmpty, "body_empty", "the body is empty: a program in front had already read it",
     kForwardBytes},
    {kSignatureTruncated, "signature_truncated",
     "Wechatpay-Signature was truncated, by a header limit or by the length of a log field",
     "raise the limit for headers of the proxy (Wechatpay-Signature has 344 characters)"},
    {kUnknown, "unknown", "the signature fits no known repair of the body and the headers",
     "compare the SHA-256 of the body here with the SHA-256 where the request enters your network"},
}};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].damage) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

}  // namespace

const std::array<DamageRow, kDamageCount>& damage_table() {
  return kTable;
}

const DamageRow& row(Damage damage) {
  return kTable[static_cast<std::size_t>(damage)];
}

}  // namespace couponhook::server
