#include "storage/postgres/postgres_failure.hpp"

#include <algorithm>
#include <array>

namespace couponhook::storage {
namespace {

using enum FailureCode;

struct Meaning {
  /// The SQLSTATE error code of PostgreSQL, or only its class (the first two characters).
  std::string_view sqlstate;
  FailureCode code;
  std::string_view what;
  std::string_view advice;
};

/// Meanings of PostgreSQL's error codes; the first entry that matches a code counts. Source:
/// PostgreSQL manual, appendix "PostgreSQL Error Codes".
constexpr std::array kMeanings{
    Meaning{"40001", kConflict, "another transaction came first in", "run the transaction again"},
    Meaning{"40P01", kConflict, "a deadlock in", "run the transaction again"},
    Meaning{"23505", kConflict, "another transaction inserted the same key in",
            "run the transaction again"},
    Meaning{"40003", kUnavailable, "whether it was committed is unknown in", "send it again"},
    Meaning{"53100", kFull, "no space left for", "free space where the database is"},
    Meaning{"53", kUnavailable, "the server is at its limits under",
            "look at its memory and at max_connections"},
    Meaning{"57014", kUnavailable, "it took too long in",
            "look at the server's load, or raise store.statement_timeout_ms"},
    Meaning{"57", kUnavailable, "the server ended the work of", "look at the server's log"},
    Meaning{"08", kUnavailable, "the connection failed to", "look at the server and the network"},
    Meaning{"25006", kUnavailable, "only reading is allowed in",
            "name the primary server in [store] url, or all of them with "
            "target_session_attrs=read-write"},
    Meaning{"25P03", kUnavailable, "a transaction was left open too long in",
            "look at this machine's load"},
    Meaning{"26000", kUnavailable, "a prepared statement is gone from",
            "connect directly, or through a pooler in session mode"},
    Meaning{"42501", kUnavailable, "no permission in",
            "let the role own the schema and its tables"},
    Meaning{"55P03", kStatement, "a row stayed locked in",
            "a transaction of another replica or of another client is stuck"},
    Meaning{"58", kIo, "the device failed under", "look at the server's log"},
    Meaning{"XX001", kCorrupt, "damage in", "restore a backup"},
    Meaning{"XX002", kCorrupt, "damage in an index of", "REINDEX it"},
    Meaning{"", kStatement, "a statement was refused by", "please report this"},
};

/// Returns true for classes of PostgreSQL errors whose messages may quote stored values: data
/// exceptions (22) and constraint violations (23).
bool may_quote_content(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23");
}

}  // namespace

bool ends_session(std::string_view sqlstate) {
  return sqlstate.starts_with("57P") || sqlstate.starts_with("08") || sqlstate == "25P03";
}

bool is_passing(std::string_view sqlstate) {
  constexpr std::string_view kDatabaseDropped = "57P04";
  return sqlstate.starts_with("53") ||
         (sqlstate.starts_with("57P") && sqlstate != kDatabaseDropped);
}

Failure postgres_failure(std::string_view sqlstate, std::string_view message,
                         std::string_view store_name) {
  const auto* meaning = std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& m) {
    return sqlstate.starts_with(m.sqlstate);
  });
  std::string text(meaning->what);
  text.append(" store ").append(store_name);
  if (!may_quote_content(sqlstate)) text.append(": ").append(on_one_line(message));
  text.append(" (SQLSTATE ").append(sqlstate).append("): ").append(meaning->advice);
  return {meaning->code, std::move(text)};
}

std::string on_one_line(std::string_view message) {
  std::string line;
  for (const char c : message) {
    const bool space = c == '\n' || c == '\t' || c == ' ';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace couponhook::storage
