#pragma once

/// \file
/// The door for what WeChat Pay's own records say has happened and no notification told.

#include <string_view>

#include "base/clock.hpp"
#include "server/receive/merchants.hpp"
#include "server/net/http_message.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// What the intake works with; all references must outlive it.
struct BookIntakeSources {
  const Live<Merchants>& merchants;
  const ReceiveRules& rules;
  storage::Inbox& inbox;
  base::WallClock clock;
};

/// `POST /books`, asked by `reconcile --apply` through the admin listener:
///
///     {"mchid", "entries": [{"id", "event_type", "original_type", "summary", "create_time",
///                            "resource"}]}
///
/// `resource` is JSON in a string: its bytes are what is kept. It has to be strict JSON whose
/// identifiers and times have WeChat Pay's forms, else all are refused, with 400 and the number of
/// the first that is not. Each entry goes the way of a
/// decrypted notification, marked source=reconcile; what is known by its id or its fact changes
/// nothing, and is delivered to nobody again. Answers {"outcomes": ["stored" | "duplicate" |
/// "conflict" | "failed", …]}, one for each entry, once all are committed; 409 LEDGER_MISSING where
/// no ledger keeps such events.
class BookIntake {
 public:
  static constexpr std::string_view kPath = "/books";
  static constexpr std::size_t kEntriesMax = 500;

  explicit BookIntake(BookIntakeSources sources) : sources_(std::move(sources)) {}

  [[nodiscard]] static bool takes(std::string_view method, std::string_view target) {
    return method == "POST" && target == kPath;
  }
  [[nodiscard]] Task<Reply> take(std::string_view body);

 private:
  BookIntakeSources sources_;
};

}  // namespace couponhook::server
