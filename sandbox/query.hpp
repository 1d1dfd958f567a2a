#pragma once

/// \file
/// Private to this folder: reads a request's query parameters and body.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sandbox/call.hpp"
#include "sandbox/json_text.hpp"

namespace couponhook::server::sandbox {

/// What a list of coupons or stocks may be asked for at most.
inline constexpr std::int64_t kOffsetMax = 1'000'000;
inline constexpr std::int64_t kLimitMax = 20;

/// As Fields, for parameters.
class Query {
 public:
  /// \param call outlives this.
  explicit Query(const Call& call) : target_(call.target) {}

  [[nodiscard]] std::string text(const char* name);
  [[nodiscard]] std::string optional_text(const char* name) const;
  [[nodiscard]] std::int64_t integer(const char* name, std::int64_t most, std::int64_t otherwise);

  void require(bool holds, std::string message);
  [[nodiscard]] const std::optional<ApiError>& error() const { return error_; }

 private:
  const base::RequestTarget& target_;
  std::optional<ApiError> error_;
};

/// A part of a list.
struct Page {
  std::int64_t offset;  ///< the number of the page, from 0: WeChat Pay counts pages, not items
  std::int64_t limit;

  /// Whether what stands at this place is on the page.
  [[nodiscard]] bool holds(std::int64_t place) const { return place / limit == offset; }
};
/// Limits where nothing tighter is documented: the usual ones.
[[nodiscard]] Page read_page(Query& query, std::int64_t offset_max = kOffsetMax,
                             std::int64_t limit_max = kLimitMax);

/// One page of a list, as replies have it: "data", and how much there is in all.
class PageWriter {
 public:
  PageWriter(const Page& page, JsonText& json) : page_(page), json_(json) { json_.list("data"); }

  /// The list's next item; written where it is on the page.
  template <typename Write>
  void add(const Write& write) {
    if (page_.holds(total_++)) write(json_);
  }
  void end() {
    json_.end_list()
        .field("total_count", total_)
        .field("offset", page_.offset)
        .field("limit", page_.limit);
  }

 private:
  const Page& page_;
  JsonText& json_;
  std::int64_t total_ = 0;
};

/// The body as a JSON object.
[[nodiscard]] Result<base::JsonObject> read_body(const Call& call);

}  // namespace couponhook::server::sandbox
