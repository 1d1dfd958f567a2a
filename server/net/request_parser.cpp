#include "server/net/request_parser.hpp"

namespace couponhook::server {
namespace {

/// What a connection keeps between requests: enough for a notification, little for thousands of
/// idle connections.
constexpr std::size_t kKeptBytesMax = 8192;

void clear_text(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptBytesMax) text.shrink_to_fit();
}

}  // namespace

/// A server must take the absolute form too (RFC 9112, section 3.2.2).
std::string_view RequestParts::target() const {
  const std::string_view target = at(target_);
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

std::string_view RequestParts::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name.size == name.size() && boost::beast::iequals(at(field.name), name)) {
      return at(field.value);
    }
  }
  return {};
}

std::vector<std::string_view> RequestParts::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (boost::beast::iequals(at(field.name), name)) values.push_back(at(field.value));
  }
  return values;
}

void RequestParts::clear() {
  clear_text(head_);
  clear_text(body_);
  version_ = 11;
  method_ = target_ = {};
  fields_.clear();
}

RequestParts::Span RequestParts::append(std::string_view text) {
  // The parser limits a head, by a number of 32 bits.
  const Span span{static_cast<std::uint32_t>(head_.size()),
                  static_cast<std::uint32_t>(text.size())};
  head_ += text;
  return span;
}

void RequestParser::on_request_impl(boost::beast::http::verb, string_view method,
                                    string_view target, int version, error_code&) {
  parts_.version_ = version;
  parts_.method_ = parts_.append(view(method));
  parts_.target_ = parts_.append(view(target));
}

void RequestParser::on_field_impl(boost::beast::http::field field, string_view name,
                                  string_view value, error_code&) {
  if (field == boost::beast::http::field::host) ++hosts_;
  const RequestParts::Span name_span = parts_.append(view(name));
  parts_.fields_.push_back({name_span, parts_.append(view(value))});
}

/// One host is named, though HTTP/1.0 need not (RFC 9112, section 3.2): what proxies on the way
/// read as two requests for two hosts must not be one here.
void RequestParser::on_header_impl(error_code& ec) {
  if (hosts_ == 1 || (hosts_ == 0 && parts_.is_http_1_0())) return;
  ec = boost::beast::http::error::bad_field;
}

/// The parser has compared the length with its limit. What is only announced is address space until
/// it comes.
void RequestParser::on_body_init_impl(const BodyLength& length, error_code&) {
  if (length) parts_.body_.reserve(*length);
}

std::size_t RequestParser::on_body_impl(string_view piece, error_code&) {
  parts_.body_ += view(piece);
  return piece.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) {
  parts_.body_ += view(piece);
  return piece.size();
}

}  // namespace couponhook::server
