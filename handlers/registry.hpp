#pragma once

/// \file
/// Which handlers an event goes to.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace couponhook::handlers {

/// An event type, or the beginning of one followed by '*': "COUPON.USE", "COUPON.*", "*".
class EventPattern {
 public:
  /// \return an error that says what a pattern looks like.
  [[nodiscard]] static boost::system::result<EventPattern, std::string> parse(
      std::string_view text);

  [[nodiscard]] bool matches(std::string_view event_type) const;

 private:
  EventPattern(std::string prefix, bool open) : prefix_(std::move(prefix)), open_(open) {}

  std::string prefix_;
  bool open_;  // anything may follow the prefix
};

/// Handlers by name with their patterns, in the order in which they were added. Fill it, then share
/// it as const: match() is thread-safe.
class Registry {
 public:
  /// A name that was added before gets the patterns in addition.
  void add(std::string handler, std::vector<EventPattern> patterns);

  /// \return the names of the handlers for this event type, each once, in order; the views are
  ///   valid while this object lives.
  [[nodiscard]] std::vector<std::string_view> match(std::string_view event_type) const;

 private:
  struct Entry {
    std::string handler;
    std::vector<EventPattern> patterns;
  };
  std::vector<Entry> entries_;
};

}  // namespace couponhook::handlers
