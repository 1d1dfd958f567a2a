#pragma once

/// \file
/// Reads a request's query parameters and JSON body. Private to this folder.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sandbox/call.hpp"
#include "sandbox/json_writer.hpp"

namespace couponhook::server::sandbox {

/// Default upper limits of `offset` and `limit` in queries for lists.
inline constexpr std::int64_t kOffsetMax = 1'000'000;
inline constexpr std::int64_t kLimitMax = 20;

/// Reader for query parameters. Keeps only the first error, like Fields.
class Query {
 public:
  /// \param call must outlive this object.
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

/// One page of a list.
struct Page {
  std::int64_t offset;  ///< number of the page, from 0: WeChat Pay counts pages, not items
  std::int64_t limit;

  /// Returns true if the item at this index of the list is on the page.
  [[nodiscard]] bool holds(std::int64_t place) const { return place / limit == offset; }
};
/// Reads `offset` and `limit`. The default maximums are for lists for which WeChat Pay documents no
/// smaller ones.
[[nodiscard]] Page read_page(Query& query, std::int64_t offset_max = kOffsetMax,
                             std::int64_t limit_max = kLimitMax);

/// Writes one page of a list in WeChat Pay's format: the items as "data", then the total number of
/// items.
class PageWriter {
 public:
  PageWriter(const Page& page, JsonWriter& json) : page_(page), json_(json) { json_.list("data"); }

  /// Counts the next item of the list, and writes the item if it is on the page.
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

/// Parses the request's body as a JSON object.
[[nodiscard]] Result<base::JsonObject> read_body(const Call& call);

}  // namespace couponhook::server::sandbox
