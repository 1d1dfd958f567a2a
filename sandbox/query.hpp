#pragma once

/// \file
/// Reads the query parameters and the JSON body of an API request. Internal header: only sandbox/
/// includes it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sandbox/call.hpp"
#include "sandbox/json_writer.hpp"

namespace couponhook::server::sandbox {

/// Largest accepted values of the query parameters `offset` and `limit` of APIs that return lists,
/// unless WeChat Pay's documentation gives smaller ones.
inline constexpr std::int64_t kOffsetMax = 1'000'000;
inline constexpr std::int64_t kLimitMax = 20;

/// Reads the query parameters of an API request. If several parameters are invalid, only the first
/// error is kept.
class Query {
 public:
  /// \param call the request; must live longer than this reader.
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

/// One page of a list that an API returns, from the query parameters `offset` and `limit`.
struct Page {
  /// Number of the page, counted from 0. WeChat Pay's parameter offset counts pages, not items.
  std::int64_t offset;
  std::int64_t limit;

  /// Returns true if the item with this index in the list is on this page.
  [[nodiscard]] bool holds(std::int64_t place) const { return place / limit == offset; }
};
/// Reads the query parameters `offset` and `limit` of an API that returns a list. The default
/// maximums are for lists for which WeChat Pay's documentation gives no smaller ones.
[[nodiscard]] Page read_page(Query& query, std::int64_t offset_max = kOffsetMax,
                             std::int64_t limit_max = kLimitMax);

/// Writes one page of a list in WeChat Pay's format: the items of the page as "data", then the
/// number of all items of the list as "total_count".
class PageWriter {
 public:
  PageWriter(const Page& page, JsonWriter& json) : page_(page), json_(json) { json_.list("data"); }

  /// Counts the next item of the list, and writes the item as JSON if it is on the page.
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
  JsonWriter& json_;
  std::int64_t total_ = 0;
};

/// Parses the body of a request as a JSON object. Returns the object, or an error reply if the body
/// is no JSON object.
[[nodiscard]] Result<base::JsonObject> read_body(const Call& call);

}  // namespace couponhook::server::sandbox
