#include "crypto/pem.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include "crypto/openssl.hpp"
#include "crypto/pasted_text.hpp"

namespace couponhook::crypto {
namespace {

using Pkcs7Ptr = std::unique_ptr<PKCS7, FreedBy<PKCS7_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, FreedBy<PKCS12_free>>;

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kPrivateKey = "PRIVATE KEY";
constexpr std::size_t kLabelMax = 40;
constexpr std::size_t kBase64LineSize = 64;
/// The characters with which base64 text begins if it encodes a certificate or an RSA key: DER data
/// whose content has 256 to 16,383 bytes.
constexpr std::string_view kBase64OfDer = "MII";

struct LabelKind {
  std::string_view label;
  std::string_view kind;
};
constexpr std::array kKinds = {
    LabelKind{"CERTIFICATE", "a certificate"},
    LabelKind{"X509 CERTIFICATE", "a certificate"},
    LabelKind{"TRUSTED CERTIFICATE", "a certificate"},
    LabelKind{"PUBLIC KEY", "a public key"},
    LabelKind{"RSA PUBLIC KEY", "a public key in PKCS#1 form"},
    LabelKind{"ENCRYPTED PRIVATE KEY", "an encrypted private key"},
    LabelKind{"PKCS7", "a PKCS#7 bundle"},
    LabelKind{"PKCS #7 SIGNED DATA", "a PKCS#7 bundle"},
    LabelKind{"CMS", "a PKCS#7 bundle"},
    LabelKind{"CERTIFICATE REQUEST", "a certificate request"},
    LabelKind{"NEW CERTIFICATE REQUEST", "a certificate request"},
    LabelKind{"X509 CRL", "a revocation list"},
};

struct Marker {
  /// Offset in the file of the first dash of a line such as -----BEGIN CERTIFICATE-----.
  std::size_t at;
  /// Offset in the file after the last dash of a line such as -----BEGIN CERTIFICATE-----.
  std::size_t end;
  std::string_view label;
  bool begins;
};

std::optional<Marker> find_marker(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find(kDashes, from); at != std::string_view::npos;
       at = text.find(kDashes, at + 1)) {
    const std::string_view rest = text.substr(at);
    const bool begins = rest.starts_with(kBegin);
    if (!begins && !rest.starts_with(kEnd)) continue;
    const std::size_t label_at = begins ? kBegin.size() : kEnd.size();
    const std::size_t dashes = rest.find(kDashes, label_at);
    const std::string_view label = rest.substr(label_at, dashes - label_at);
    if (dashes == std::string_view::npos || label.size() > kLabelMax ||
        label.find('\n') != std::string_view::npos) {
      continue;
    }
    return Marker{at, at + dashes + kDashes.size(), label, begins};
  }
  return std::nullopt;
}

std::size_t line_at(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

/// Returns a PEM block whose base64 text is cut into lines of the usual length. Blanks inside the
/// original base64 text are removed.
std::string rebuild(std::string_view label, std::string_view body) {
  std::string base64;
  while (!body.empty()) {
    const PastedChar next = first_char(body);
    if (!next.is_blank()) base64 += body.substr(0, next.size);
    body.remove_prefix(next.size);
  }
  std::string text = std::string(kBegin).append(label).append(kDashes) + '\n';
  for (std::size_t at = 0; at < base64.size(); at += kBase64LineSize) {
    text.append(base64, at, kBase64LineSize) += '\n';
  }
  return text.append(kEnd).append(label).append(kDashes) + '\n';
}

/// Returns the text with each \n that is written as two characters replaced by a real line end. PEM
/// files that were stored in an environment variable or in JSON have such line ends.
std::string with_line_ends(std::string_view content) {
  std::string text;
  for (std::size_t at = 0; at < content.size();) {
    const bool is_escape = content.substr(at).starts_with("\\n");
    text += is_escape ? '\n' : content[at];
    at += is_escape ? 2 : 1;
  }
  return text;
}

void read_blocks(std::string_view text, PemContent& content) {
  std::optional<Marker> open;
  const auto fault = [&](const Marker& marker, std::string_view what) {
    content.faults.push_back("the " + std::string(marker.begins ? "BEGIN " : "END ") +
                             std::string(marker.label) + " in line " +
                             std::to_string(line_at(text, marker.at)) + " " + std::string(what) +
                             "; the file is damaged there");
  };
  for (auto marker = find_marker(text, 0); marker; marker = find_marker(text, marker->end)) {
    const bool closes = open && !marker->begins && marker->label == open->label;
    if (closes) {
      PemBlock block{std::string(open->label), {}, line_at(text, open->at)};
      if (!block.is_private_key()) {
        block.text = rebuild(open->label, text.substr(open->end, marker->at - open->end));
      }
      content.blocks.push_back(std::move(block));
    } else if (open) {
      fault(*open, "has no END of its own");
    } else if (!marker->begins) {
      fault(*marker, "has no BEGIN before it");
    }
    open = marker->begins ? marker : std::nullopt;
  }
  if (open) fault(*open, "has no END");
}

template <typename Ptr, typename Read>
bool decodes(std::string_view der, const Read& read) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const Ptr object{read(nullptr, &bytes, static_cast<long>(der.size()))};
  ERR_clear_error();
  return object != nullptr;
}

std::optional<std::string> describe_der(std::string_view content) {
  if (!content.starts_with('\x30')) return std::nullopt;
  if (decodes<X509Ptr>(content, d2i_X509)) {
    return "holds a certificate in DER form; make it PEM with: openssl x509 -inform der -in FILE "
           "-out FILE.pem";
  }
  if (decodes<Pkcs7Ptr>(content, d2i_PKCS7)) {
    return "holds a PKCS#7 bundle in DER form; make it PEM with: openssl pkcs7 -inform der "
           "-print_certs -in FILE -out FILE.pem";
  }
  if (decodes<Pkcs12Ptr>(content, d2i_PKCS12)) {
    return "holds a PKCS#12 bundle (.p12 or .pfx); take the PEM file that came with it, or: "
           "openssl pkcs12 -in FILE -nodes -out FILE.pem";
  }
  if (decodes<PkeyPtr>(content, d2i_PUBKEY)) {
    return "holds a public key in DER form; make it PEM with: openssl pkey -pubin -inform der -in "
           "FILE -out FILE.pem";
  }
  if (decodes<PkeyPtr>(content, d2i_AutoPrivateKey)) {
    return "holds a private key in DER form; make it PEM with: openssl pkey -inform der -in FILE "
           "-out FILE.pem";
  }
  return "holds binary data that is neither a certificate nor a key";
}

}  // namespace

bool PemBlock::is_certificate() const {
  return label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE";
}

bool PemBlock::is_private_key() const {
  return label.ends_with(kPrivateKey);
}

std::string PemBlock::kind() const {
  const auto* known = std::ranges::find(kKinds, label, &LabelKind::label);
  if (known != kKinds.end()) return std::string(known->kind);
  if (is_private_key()) return "a private key";
  return find_unusual_char(label) ? "a block of another kind" : "a block of kind " + label;
}

PemContent read_pem(std::string_view content) {
  PemContent read;
  const bool has_escapes = content.find('\n') == std::string_view::npos &&
                           content.find("-----\\n") != std::string_view::npos;
  if (has_escapes) {
    std::string text = with_line_ends(content);
    read_blocks(text, read);
    OPENSSL_cleanse(text.data(), text.size());
  } else {
    read_blocks(content, read);
  }
  return read;
}

std::string place_of(const PemContent& content, std::size_t block) {
  return "block " + std::to_string(block + 1) + " (line " +
         std::to_string(content.blocks.at(block).line) + ")";
}

std::string describe_content(std::string_view content) {
  if (strip_blanks(content).empty()) return "is empty";
  const PemContent pem = read_pem(content);
  if (!pem.blocks.empty()) {
    std::string kinds;
    for (const PemBlock& block : pem.blocks) kinds += (kinds.empty() ? "" : " and ") + block.kind();
    return "holds " + kinds;
  }
  if (!pem.faults.empty()) return pem.faults.front();
  if (looks_like_utf16(content)) return "is UTF-16 text; save it as UTF-8";
  if (auto der = describe_der(content)) return *der;
  const std::string_view text = strip_blanks(content);
  if (text.starts_with(kBase64OfDer)) {
    return "holds base64 without the lines -----BEGIN …----- and -----END …----- around it";
  }
  return "holds no PEM block (-----BEGIN …-----)";
}

}  // namespace couponhook::crypto
