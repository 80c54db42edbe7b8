// What `corral doctor` finds out about the units of a configuration that is a service's: whether
// they are installed, enabled, loaded as they are on disk, and let its files be reached.
#pragma once

#include <optional>
#include <string>

#include "cli/doctor_report.hpp"
#include "config/config.hpp"
#include "ipc/systemd_units.hpp"

namespace corral {

// "corral" for /etc/corral/corral.yaml, "corral@NAME" for /etc/corral/NAME.yaml; nothing for a
// configuration that no unit starts with.
std::optional<std::string> unit_of(const std::string& config_path);

struct ServiceUnits {
    std::string name;
    UnitProperties service;
    UnitProperties socket;
};

// Nothing where systemd does not run.
std::optional<ServiceUnits> service_units(const std::string& name);

// Pure: what the units' properties say against the configuration.
void check_units(const ServiceUnits& units, const Config& config, DoctorReport& report);
// Whether the unit's user reaches the files of every pool; only root can find out.
void check_reach(const ServiceUnits& units, const Config& config, DoctorReport& report);

}  // namespace corral
