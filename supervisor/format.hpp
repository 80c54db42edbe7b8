// Figures for people: lengths of time and sizes of memory. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace corral {

// "0.4 s", "12 s", "3m 07s", "5h 02m", "4d 11h".
std::string format_seconds(double seconds);

// "812 B", "12.3 MiB", "1.50 GiB": three digits that matter.
std::string format_bytes(std::uint64_t bytes);

}  // namespace corral
