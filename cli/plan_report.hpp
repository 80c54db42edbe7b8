// What `corral plan` tells, as a table for people and as JSON for scripts. Pure.
#pragma once

#include <string>
#include <vector>

#include "supervisor/auto_workers.hpp"

namespace corral {

struct PlanReport {
    struct PoolPlan {
        std::string name;
        std::string model;  // path
        unsigned context;
        PoolMemory memory;
        WorkerChoice choice;
    };
    std::vector<PoolPlan> pools;
    std::uint64_t ram = 0;  // bytes
    std::string ram_source;
    std::uint64_t headroom = 0;  // bytes of ram that are kept free
    unsigned cores = 1;
    unsigned rows = 0;         // of each table; 0: until it no longer fits
    std::uint64_t needed = 0;  // by the chosen workers of all pools, at most

    std::uint64_t usable() const { return headroom < ram ? ram - headroom : 0; }
    bool fits() const { return needed <= usable(); }
};

std::string plan_table(const PlanReport& report);
std::string plan_json(const PlanReport& report);

}  // namespace corral
