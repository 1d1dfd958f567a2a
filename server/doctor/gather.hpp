#pragma once

/// \file
/// Collects the facts for a diagnosis.

#include <vector>

#include "server/commands/command_line.hpp"
#include "server/doctor/facts.hpp"

namespace couponhook::server {

/// Opens files, queries the running service, and calls WeChat Pay for each merchant with
/// [merchant.api]. Changes nothing; each query has a timeout.
/// \param problems problems that reading the configuration has found already.
/// \param places places where the service must write but cannot.
[[nodiscard]] DoctorFacts gather_facts(const Config& config, std::vector<Problem> problems,
                                       std::vector<Problem> places, World& world);

}  // namespace couponhook::server
