#include "cli/doctor_systemd.hpp"

#include <unistd.h>

#include <filesystem>

#include "ipc/accounts.hpp"
#include "supervisor/llama_cli_command.hpp"

namespace corral {
namespace {

namespace fs = std::filesystem;

constexpr const char* configurations = "/etc/corral";

std::string property(const UnitProperties& properties, const char* name) {
    const auto found = properties.find(name);
    return found == properties.end() ? "" : found->second;
}

bool installed(const UnitProperties& properties) {
    return property(properties, "LoadState") == "loaded";
}

// "/models/a.gguf" is below "/models".
bool below(const fs::path& path, const fs::path& folder) {
    const fs::path relative = path.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

// What ProtectHome=yes makes invisible (systemd.exec(5)).
bool in_a_home(const std::string& file) {
    std::error_code ec;
    const fs::path path = fs::weakly_canonical(file, ec);
    return !ec && (below(path, "/home") || below(path, "/root") || below(path, "/run/user"));
}

bool enabled(const UnitProperties& properties) {
    return property(properties, "UnitFileState").starts_with("enabled");
}

void check_enabled(const ServiceUnits& units, DoctorReport& report) {
    const std::string socket = units.name + ".socket";
    const std::string service = units.name + ".service";
    if (!enabled(units.socket))
        return report.warn("systemd: " + socket + " is " + property(units.socket, "UnitFileState") +
                           " and does not come with the next boot; systemctl enable --now " +
                           socket);
    report.ok("systemd: " + socket + " is enabled and " + property(units.socket, "ActiveState"));
    report.ok(
        "systemd: " + service + " is " + property(units.service, "ActiveState") +
        (enabled(units.service) ? " and starts at boot" : " and starts with the first request"));
}

void check_files_of(const std::string& file, const char* what, DoctorReport& report) {
    if (in_a_home(file))
        report.bad("systemd: the service does not see homes (ProtectHome=yes), where " + file +
                   " is; move the " + what + ", models to /var/lib/corral/models");
}

}  // namespace

std::optional<std::string> unit_of(const std::string& config_path) {
    const fs::path path = fs::path(config_path).lexically_normal();
    if (path.parent_path() != configurations || path.extension() != ".yaml") return std::nullopt;
    const std::string name = path.stem().string();
    return name == "corral" ? name : "corral@" + name;
}

std::optional<ServiceUnits> service_units(const std::string& name) {
    auto service = unit_properties(name + ".service");
    auto socket = unit_properties(name + ".socket");
    if (!service || !socket) return std::nullopt;
    return ServiceUnits{name, std::move(*service), std::move(*socket)};
}

void check_units(const ServiceUnits& units, const Config& config, DoctorReport& report) {
    const std::string service = units.name + ".service";
    const std::string socket = units.name + ".socket";
    if (!installed(units.service) || !installed(units.socket))
        return report.bad("systemd: " + service + " or " + socket +
                          " is not installed; install the package, or see systemd/README.md");
    for (const auto* const unit : {&units.service, &units.socket})
        if (property(*unit, "NeedDaemonReload") == "yes")
            report.warn(
                "systemd: unit files are newer than what systemd has read; systemctl "
                "daemon-reload");
    check_enabled(units, report);
    if (property(units.service, "ActiveState") == "failed")
        report.bad("systemd: " + service + " failed (" + property(units.service, "Result") +
                   "); journalctl -u " + units.name + " tells why; then systemctl reset-failed " +
                   service + " && systemctl restart " + socket);
    const bool private_network = property(units.service, "PrivateNetwork") == "yes";
    const std::string listens = property(units.socket, "Listen");
    if (config.listen.tcp && private_network && listens.find(':') == listens.npos)
        report.warn(
            "systemd: nobody reaches listen.tcp in the service's private network; give the "
            "port to the socket: systemctl edit " +
            socket + ", ListenStream=" + config.listen.tcp->address + ":" +
            std::to_string(config.listen.tcp->port));
    if (property(units.service, "ProtectHome") != "yes") return;
    for (const PoolConfig& pool : config.pools) {
        check_files_of(pool.model, "file", report);
        if (pool.llama_cli.find('/') != pool.llama_cli.npos)
            check_files_of(pool.llama_cli, "program", report);
    }
}

void check_reach(const ServiceUnits& units, const Config& config, DoctorReport& report) {
    const std::string user = property(units.service, "User");
    if (geteuid() != 0 || user.empty()) return;
    for (const PoolConfig& pool : config.pools) {
        try {
            const std::string program = find_program(pool.llama_cli);
            if (!may_access(user, pool.model, R_OK))
                report.bad("systemd: user " + user + " of the service may not read " + pool.model +
                           "; chmod a+r it, and a+x its folders");
            if (!may_access(user, program, X_OK))
                report.bad("systemd: user " + user + " of the service may not run " + program +
                           "; chmod a+rx it, and a+x its folders");
        } catch (const std::runtime_error& error) {
            report.bad(error.what());
        }
    }
}

}  // namespace corral
