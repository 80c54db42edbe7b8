// The last thing that `corral doctor` does: one real worker of each pool shows that its llama-cli
// speaks as corral needs it (docs/llama-cli.md).
#pragma once

#include "cli/doctor_report.hpp"
#include "config/config.hpp"
#include "ipc/child.hpp"

namespace corral {

// One pool after another; each has timeouts.start to load and as long to answer.
void try_pools(const Config& config, const ConfinementSupport& support, DoctorReport& report);

}  // namespace corral
