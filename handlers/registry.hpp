#pragma once

/// \file
/// Finds the handlers of an event type.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace couponhook::handlers {

/// A pattern for event types: an event type ("COUPON.USE"), a prefix and '*' ("COUPON.*"), or "*".
class EventPattern {
 public:
  /// \return an error that describes the valid forms if `text` is not a pattern.
  [[nodiscard]] static boost::system::result<EventPattern, std::string> parse(
      std::string_view text);

  [[nodiscard]] bool matches(std::string_view event_type) const;

 private:
  EventPattern(std::string prefix, bool open) : prefix_(std::move(prefix)), open_(open) {}

  std::string prefix_;
  bool open_;  // true for a pattern with '*': any text may follow the prefix
};

/// Handlers by name with their event patterns, in the order of add() calls. Fill the registry
/// first, then share it as const: match() is thread-safe, add() is not.
class Registry {
 public:
  /// Adds a handler. If a handler of that name exists, the patterns are added to that handler.
  void add(std::string handler, std::vector<EventPattern> patterns);

  /// \return the names of the handlers for this event type, each name once, in the order of add()
  ///   calls. The views are valid while this object lives.
  [[nodiscard]] std::vector<std::string_view> match(std::string_view event_type) const;

 private:
  struct Entry {
    std::string handler;
    std::vector<EventPattern> patterns;
  };
  std::vector<Entry> entries_;
};

}  // namespace couponhook::handlers
