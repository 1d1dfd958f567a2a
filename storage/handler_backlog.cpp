#include "storage/handler_backlog.hpp"

#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

const Statement kOpenByHandler{
    "SELECT handler, count(*) FROM deliveries WHERE state IN ('pending', 'retrying') "
    "GROUP BY handler ORDER BY handler"};

}  // namespace

Connection::Result<std::vector<HandlerBacklog>> open_deliveries_by_handler(Connection& connection) {
  std::vector<Rows> results;
  const Command command(kOpenByHandler, std::initializer_list<Parameter>{});
  if (auto ran = connection.run({&command, 1}, results); !ran) return ran.error();
  std::vector<HandlerBacklog> backlog;
  for (Row& row : results.at(0)) backlog.push_back({take_text(row[0]), integer(row[1])});
  return backlog;
}

}  // namespace couponhook::storage
