#include "storage/postgres/postgres_url.hpp"

#include <memory>
#include <string_view>

#include <libpq-fe.h>

#include "storage/postgres/postgres_failure.hpp"

namespace couponhook::storage {
namespace {

struct Free {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  void operator()(char* text) const { PQfreemem(text); }
};
using Options = std::unique_ptr<PQconninfoOption, Free>;

/// Parses a PostgreSQL URL with libpq.
/// \param problem receives the reason if libpq does not accept the URL; otherwise stays empty.
/// \return the parsed settings; null if libpq does not accept the URL.
Options parse(const std::string& url, std::string& problem) {
  char* error = nullptr;
  Options options(PQconninfoParse(url.c_str(), &error));
  const std::unique_ptr<char, Free> owned(error);
  if (options == nullptr) problem = on_one_line(error == nullptr ? "not enough memory" : error);
  return options;
}

/// Removes user and password from a PostgreSQL URL before libpq parses the URL for an error
/// message: that message quotes the part that cannot be parsed, which may be the password.
/// \return the URL without user and password.
std::string without_secrets(const std::string& url) {
  const std::size_t begin = url.find("//") + 2;
  const std::size_t at = url.rfind('@', url.find_first_of("/?", begin));
  if (at == std::string::npos || at < begin) return url;
  return url.substr(0, begin) + url.substr(at + 1);
}

constexpr std::string_view kEncode =
    "user and password must be percent-encoded where they hold other than letters and digits";

Failure refusal(std::string_view why) {
  return {FailureCode::kUnavailable,
          "a store's URL has the form postgresql://USER@HOST:PORT/DATABASE: " + std::string(why)};
}

std::string value_of(const PQconninfoOption* options, std::string_view keyword) {
  for (const auto* option = options; option->keyword != nullptr; ++option) {
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  }
  return {};
}

}  // namespace

Connection::Result<std::string> name_of_postgres_url(const std::string& url) {
  std::string problem;
  const Options options = parse(url, problem);
  if (options == nullptr) {
    std::string spoken;
    const bool password_apart = url.find("password=") == std::string::npos;
    const bool still_wrong = parse(without_secrets(url), spoken) == nullptr;
    return refusal(password_apart && still_wrong ? spoken : kEncode);
  }
  const std::string host = value_of(options.get(), "host");
  const std::string port = value_of(options.get(), "port");
  const std::string database = value_of(options.get(), "dbname");
  // The port is checked because libpq may take a part of the password for the port, the host or the
  // database if the password has unencoded characters.
  const bool is_port = port.find_first_not_of("0123456789,") == std::string::npos;
  if (!is_port || (host + database).find('@') != std::string::npos) return refusal(kEncode);
  std::string name = "postgresql://" + host;
  if (!port.empty()) name += ":" + port;
  return name + "/" + database;
}

}  // namespace couponhook::storage
