#pragma once

/// \file
/// Collects the facts for the diagnosis of `doctor`: from files, from the running service and from
/// WeChat Pay.

#include <vector>

#include "server/commands/command_line.hpp"
#include "server/doctor/facts.hpp"

namespace couponhook::server {

/// Opens the configured files, queries the running service, and calls WeChat Pay for each merchant
/// with a [merchant.api] table. These queries change nothing, and each has a timeout.
/// \param problems problems that were found when the configuration was read.
/// \param places folders to which the service must write but cannot.
[[nodiscard]] DoctorFacts gather_facts(const Config& config, std::vector<Problem> problems,
                                       std::vector<Problem> places, Runtime& runtime);

}  // namespace couponhook::server
