// What `corral doctor` finds out without starting anything: files, memory, threads, confinement.
#pragma once

#include "cli/doctor_report.hpp"
#include "config/config.hpp"
#include "ipc/child.hpp"

namespace corral {

// The model of each pool, readable and whole; its llama-cli; and whether the memory is enough.
void check_files(const Config& config, DoctorReport& report);
void check_threads(const Config& config, DoctorReport& report);
// What the kernel allows, and which pools do not want it.
void check_confinement(const Config& config, const ConfinementSupport& support,
                       DoctorReport& report);

}  // namespace corral
