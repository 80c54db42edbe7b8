// What of a pool's confinement is in force: the configuration's wish and what the kernel allows
// brought together, and told in words to the log and to `corral doctor`.
#pragma once

#include "config/config.hpp"
#include "ipc/child.hpp"
#include "supervisor/worker_environment.hpp"

namespace corral {

struct ConfinementPart {
    std::string what;                    // "own network namespace"
    std::optional<std::string> missing;  // why it is not in force
};

std::vector<ConfinementPart> confinement_parts(const ConfinementSupport& support);

// "confined: own network namespace, …; not in force: …", for a line of the log.
std::string describe_confinement(Confine wish, const ConfinementSupport& support);

// Confines the command as the pool wishes; `inherited` are the variables that its workers get
// besides their own. Throws std::runtime_error, one line, if that is required and cannot be done,
// or if a path of the configuration is not there.
void confine(Command& command, const PoolConfig& pool, const ConfinementSupport& support,
             const Environment& inherited);

}  // namespace corral
