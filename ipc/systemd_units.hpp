// What systemd knows of a unit, asked by `systemctl show`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace corral {

// Property → value, as systemctl prints them; those that come more than once (Listen) are joined by
// a space. A unit that is not there has LoadState=not-found.
using UnitProperties = std::map<std::string, std::string>;

UnitProperties parse_unit_properties(std::string_view text);

// Nothing where systemd does not run or does not answer within a few seconds.
std::optional<UnitProperties> unit_properties(const std::string& unit);

}  // namespace corral
