#pragma once

/// \file
/// Prints the events of the command `listen`.

#include <iosfwd>
#include <string>
#include <string_view>

#include <rapidjson/document.h>

#include "server/commands/event_forwarder.hpp"

namespace couponhook::server {

/// Prints events as they come: one line each, in columns, or one JSON object a line.
class EventPrinter {
 public:
  EventPrinter(std::ostream& out, bool json) : out_(out), json_(json) {}

  /// Prints an event of the stream.
  /// \param data the event as JSON text, one line.
  /// \param event the same event, parsed.
  void print_event(std::string_view data, const rapidjson::Value& event);
  /// Prints the answer of a developer's back end to an event.
  void print_forward(std::string_view id, std::string_view url, std::string_view time,
                     const ForwardResult& result);

 private:
  std::ostream& out_;
  bool json_;
};

}  // namespace couponhook::server
