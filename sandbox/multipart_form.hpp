#pragma once

/// \file
/// Forms with files (multipart/form-data, RFC 7578) in requests to the sandbox (a simulated WeChat
/// Pay).

#include <string_view>
#include <vector>

namespace couponhook::server::sandbox {

/// One part of a form. The views point into the body of the request.
struct FormPart {
  std::string_view name;
  std::string_view file_name;  ///< file name in the part's header; empty if there is none
  std::string_view content;
};

[[nodiscard]] bool is_multipart(std::string_view content_type);

/// Splits a form into its parts. As users report of WeChat Pay, quotes around the boundary in the
/// Content-Type header are taken for a part of the boundary.
/// \return the parts; none if the form is malformed.
[[nodiscard]] std::vector<FormPart> read_form(std::string_view content_type, std::string_view body);

/// Returns the part with this name; null if there is none.
[[nodiscard]] const FormPart* find_part(const std::vector<FormPart>& form, std::string_view name);

/// Returns the text of a form over which WeChat Pay verifies the signature: the content of the part
/// `meta`; empty if the form has no such part. A part with a file name counts as a file, not as
/// `meta` (reported by users).
[[nodiscard]] std::string_view signed_content(std::string_view content_type, std::string_view body);

}  // namespace couponhook::server::sandbox
