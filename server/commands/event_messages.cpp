#include "server/commands/event_messages.hpp"

#include <cstddef>
#include <utility>

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace couponhook::server {
namespace {

/// Notes where the value of one member begins and ends in the JSON text. RapidJSON's iterative
/// parser calls each function after it has read the token; only the brackets that end an object or
/// a list are still to be read.
class MemberFinder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, MemberFinder> {
 public:
  MemberFinder(const rapidjson::MemoryStream& stream, std::string_view name)
      : stream_(stream), name_(name) {}

  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> span() const {
    if (!end_) return std::nullopt;
    return std::pair(*begin_, *end_);
  }

  // The names of these functions are RapidJSON's.
  bool Default() { return value(stream_.Tell()); }
  bool StartObject() { return open(); }
  bool StartArray() { return open(); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1 && !begin_ && std::string_view(text, size) == name_) begin_ = stream_.Tell();
    return true;
  }

 private:
  bool open() {
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return value(stream_.Tell() + 1);
  }
  bool value(std::size_t end) {
    if (depth_ == 1 && begin_ && !end_) end_ = end;
    return true;
  }

  const rapidjson::MemoryStream& stream_;
  std::string_view name_;
  std::size_t depth_ = 0;
  std::optional<std::size_t> begin_;
  std::optional<std::size_t> end_;
};

}  // namespace

std::vector<EventMessage> parse_event_messages(std::string_view text) {
  std::vector<EventMessage> messages;
  EventMessage message;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    // A line without its end belongs to a message that was cut off.
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) {
      if (!message.data.empty()) messages.push_back(std::move(message));
      message = {};
    } else if (line.starts_with("id: ")) {
      message.id = line.substr(4);
    } else if (line.starts_with("event: ")) {
      message.name = line.substr(7);
    } else if (line.starts_with("data: ")) {
      message.data = line.substr(6);
    }
  }
  return messages;
}

std::optional<std::string_view> raw_member(std::string_view json, std::string_view name) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  MemberFinder finder(stream, name);
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseStopWhenDoneFlag;
  reader.Parse<kFlags>(stream, finder);
  const auto span = finder.span();
  if (reader.HasParseError() || !span) return std::nullopt;
  std::string_view value = json.substr(span->first, span->second - span->first);
  const std::size_t begin = value.find_first_not_of(": \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : value.substr(begin);
}

}  // namespace couponhook::server
