#pragma once

/// \file
/// Open deliveries by the handler that they wait for.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

struct HandlerBacklog {
  std::string handler;
  std::int64_t open = 0;  ///< deliveries that are pending or retrying
};

/// \return each handler that has open deliveries, by name. Reads all that are open.
[[nodiscard]] Connection::Result<std::vector<HandlerBacklog>> open_deliveries_by_handler(
    Connection& connection);

}  // namespace couponhook::storage
