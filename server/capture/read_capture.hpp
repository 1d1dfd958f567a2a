#pragma once

/// \file
/// Reads captured requests from files: raw HTTP, HAR, JSON with headers and body, and log lines of
/// nginx and HAProxy.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.hpp"
#include "server/capture/captured_request.hpp"

namespace couponhook::server {

/// Largest size of a file with captured requests, in bytes.
inline constexpr std::size_t kCaptureBytesMax = 64U << 20U;

/// Reads all captured requests of a file. Finds out the form of the file by its content.
/// \param problems output: why the file cannot be read or holds no request.
[[nodiscard]] std::vector<CapturedRequest> read_captures(const std::filesystem::path& file,
                                                         std::vector<base::Problem>& problems);

/// Reads captured requests from the content of a file.
/// \param source name of the file, for CapturedRequest::source.
/// \return the requests; none if the text has no known form.
[[nodiscard]] std::vector<CapturedRequest> parse_captures(const std::string& source,
                                                          std::string_view text);

// The functions below read one form each. They return no request if the text has another form.

/// Reads requests as they are on the wire: request line, header fields, empty line, body. Line ends
/// may be LF, as editors and `tcpdump -A` write them, and other text may stand between requests.
[[nodiscard]] std::vector<CapturedRequest> parse_raw_http(const std::string& source,
                                                          std::string_view text);

/// Reads a HAR file or one entry of it, and objects with headers and a body, as frameworks, API
/// gateways and JSON logs write them.
[[nodiscard]] std::vector<CapturedRequest> parse_json_capture(const std::string& source,
                                                              std::string_view text);

/// Reads one line of a log that holds the four Wechatpay-* headers or the body: JSON, names with
/// values, quoted values of nginx, or the captures of HAProxy in braces. Values without a name are
/// recognised by their form.
[[nodiscard]] std::optional<CapturedRequest> parse_log_line(const std::string& source,
                                                            std::string_view line);

/// Reads one request from a text of unknown form, such as the output of `curl -v`, PHP's print_r()
/// or a program's own log: finds the names of the headers with the values after them, in any
/// spelling, and the JSON object with the ciphertext.
/// \return the request; none if the signature or the body was not found.
[[nodiscard]] std::vector<CapturedRequest> parse_text_capture(const std::string& source,
                                                              std::string_view text);

}  // namespace couponhook::server
