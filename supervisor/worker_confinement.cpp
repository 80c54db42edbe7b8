#include "supervisor/worker_confinement.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "supervisor/worker_files.hpp"

namespace corral {
namespace {

std::string missing_parts(const ConfinementSupport& support) {
    std::string missing;
    for (const ConfinementPart& part : confinement_parts(support))
        if (part.missing)
            missing += (missing.empty() ? "" : "; ") + part.what + " (" + *part.missing + ")";
    return missing;
}

void append_configured(std::vector<std::string>& paths, const std::vector<std::string>& more,
                       const char* key, const PoolConfig& pool) {
    for (const std::string& path : more) {
        if (access(path.c_str(), F_OK) != 0)
            throw std::runtime_error(fmt::format("pool {}: {}: cannot use {}: {}", pool.name, key,
                                                 path, std::strerror(errno)));
        paths.push_back(path);
    }
}

}  // namespace

std::vector<ConfinementPart> confinement_parts(const ConfinementSupport& support) {
    const std::string abi =
        support.landlock_abi > 0 ? fmt::format(" (Landlock ABI {})", support.landlock_abi) : "";
    return {{support.user_namespace && !support.no_network ? "own network and user namespace"
                                                           : "own network namespace",
             support.no_network},
            {"read-only files" + abi, support.no_files},
            {"no new privileges, no core dumps", support.no_privileges}};
}

std::string describe_confinement(Confine wish, const ConfinementSupport& support) {
    if (wish == Confine::off) return "not confined";
    std::string in_force;
    for (const ConfinementPart& part : confinement_parts(support))
        if (!part.missing) in_force += (in_force.empty() ? "" : ", ") + part.what;
    const std::string missing = missing_parts(support);
    return (in_force.empty() ? "not confined" : "confined: " + in_force) +
           (missing.empty() ? "" : "; not in force: " + missing);
}

void confine(Command& command, const PoolConfig& pool, const ConfinementSupport& support,
             const Environment& inherited) {
    if (pool.confine == Confine::off) return;
    const std::string missing = missing_parts(support);
    if (pool.confine == Confine::required && !missing.empty())
        throw std::runtime_error(fmt::format(
            "pool {}: confine is required, but cannot be done here: {}", pool.name, missing));
    command.inherit_environment = false;
    for (const auto& [name, value] : inherited) command.extra_environment.emplace(name, value);
    Confinement& confinement = command.confinement;
    confinement.network = !support.no_network;
    confinement.files = !support.no_files;
    confinement.privileges = !support.no_privileges;
    confinement.read = readable_paths(command);
    confinement.devices = gpu_devices();
    confinement.devices.push_back("/dev/null");
    append_configured(confinement.read, pool.confine_read, "confine_read", pool);
    append_configured(confinement.devices, pool.confine_devices, "confine_devices", pool);
}

}  // namespace corral
