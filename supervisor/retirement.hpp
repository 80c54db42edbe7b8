// When a worker's process has done enough and is replaced by a fresh one, before what it leaks
// hurts anybody. Pure policy. Only between two requests; the pool sees to it that never all workers
// go at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/config.hpp"

namespace corral {

// What a process has come to.
struct ProcessAge {
    std::uint64_t requests;
    std::chrono::milliseconds age;
    std::uint64_t private_bytes;  // RssAnon and swap
};

// Why it is to be replaced, "" if it is not. `fraction` in [0, 1) is the process's own and takes up
// to a fifth off the limits of requests and age, so that workers that started together do not end
// together.
std::string retirement_due(const RecycleConfig& limits, const ProcessAge& process, double fraction);

}  // namespace corral
