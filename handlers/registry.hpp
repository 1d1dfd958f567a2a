#pragma once

/// \file
/// Finds the handlers that must get an event, by comparing the event's type with the patterns of
/// each handler.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace couponhook::handlers {

/// A pattern for event types: a full event type ("COUPON.USE"), a prefix followed by '*'
/// ("COUPON.*"), or "*" for all event types.
class EventPattern {
 public:
  /// Parses a pattern for event types.
  /// \return the pattern; if `text` is not a pattern, an error that describes the valid forms.
  [[nodiscard]] static boost::system::result<EventPattern, std::string> parse(
      std::string_view text);

  [[nodiscard]] bool matches(std::string_view event_type) const;

 private:
  EventPattern(std::string prefix, bool open) : prefix_(std::move(prefix)), open_(open) {}

  std::string prefix_;
  bool open_;  // true if the event pattern ends with '*', which stands for any text
};

/// The names of all handlers with their event patterns, in the order of the add() calls. Fill the
/// registry first, then share it as const: match() is thread-safe, add() is not.
class Registry {
 public:
  /// Adds a handler with its event patterns. If a handler of that name already exists, the patterns
  /// are added to that handler.
  void add(std::string handler, std::vector<EventPattern> patterns);

  /// Returns the names of the handlers whose patterns match this event type, each name once, in the
  /// order of the add() calls. The names are valid while the registry lives.
  [[nodiscard]] std::vector<std::string_view> match(std::string_view event_type) const;

 private:
  struct Entry {
    std::string handler;
    std::vector<EventPattern> patterns;
  };
  std::vector<Entry> entries_;
};

}  // namespace couponhook::handlers
