#pragma once

/// \file
/// A request as its bytes come in.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "server/net/http_message.hpp"

namespace couponhook::server {

[[nodiscard]] inline std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// What has come of a request. Made for being used again: the next request on a connection finds
/// the memory that this one needed, where Beast's own message allocates for each field.
class RequestParts final : public HeaderFields {
 public:
  [[nodiscard]] std::string_view method() const { return at(method_); }
  /// As "/path?query".
  [[nodiscard]] std::string_view target() const;
  [[nodiscard]] std::string_view body() const { return body_; }
  [[nodiscard]] std::string_view find(std::string_view name) const override;
  /// The values of all fields of this name, in order.
  [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;

  /// From a client that waits for the end of the connection unless told that it stays open.
  [[nodiscard]] bool is_http_1_0() const { return version_ < 11; }

  /// Forgets the request. What an unusually large one needed is freed.
  void clear();

 private:
  friend class RequestParser;

  /// A part of head_, by place, because head_ moves while it grows.
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };

  [[nodiscard]] std::string_view at(Span span) const {
    return std::string_view(head_).substr(span.begin, span.size);
  }
  [[nodiscard]] Span append(std::string_view text);

  std::string head_;
  int version_ = 11;  ///< of HTTP, ten times
  Span method_;
  Span target_;
  std::vector<Field> fields_;
  std::string body_;
};

/// Beast's parser for one request, which says by its errors what is wrong with the bytes.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  /// \param parts must be clear, and outlive the parser.
  explicit RequestParser(RequestParts& parts) : parts_(parts) {}

 private:
  using string_view = boost::beast::string_view;
  using BodyLength = boost::optional<std::uint64_t>;

  void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int,
                       error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field, string_view name, string_view value,
                     error_code&) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const BodyLength& length, error_code&) override;
  std::size_t on_body_impl(string_view piece, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override;
  void on_finish_impl(error_code&) override {}

  RequestParts& parts_;
  int hosts_ = 0;
};

}  // namespace couponhook::server
