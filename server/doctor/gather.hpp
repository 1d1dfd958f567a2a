#pragma once

/// \file
/// Finds out what a diagnosis is made from.

#include <vector>

#include "server/commands/command_line.hpp"
#include "server/doctor/facts.hpp"

namespace couponhook::server {

/// Opens files, asks the running service, and asks WeChat Pay for each merchant that has
/// [merchant.api]. Changes nothing; each question has its time-out.
/// \param problems what reading the configuration has found already.
/// \param places where the service must write and cannot.
[[nodiscard]] DoctorFacts gather_facts(const Config& config, std::vector<Problem> problems,
                                       std::vector<Problem> places, World& world);

}  // namespace couponhook::server
