// What a child is kept from, and whether this kernel can keep it from that. `Confinement` is made
// by whoever makes a Command; ipc/process_spawner puts it into effect between fork and exec, with
// ipc/confinement_entry.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace corral {

// Nothing of it by default. What is asked for and cannot be done ends the child before its program
// runs.
struct Confinement {
    bool network = false;     // a network namespace of its own with nothing but a loopback
    bool files = false;       // Landlock: the files named below and no others
    bool privileges = false;  // no_new_privs and no core dumps
    // With all that is in them, if they are folders. What does not exist is left out.
    std::vector<std::string> read;     // to read and to run
    std::vector<std::string> devices;  // to read, to write and to control (ioctl)
    bool operator==(const Confinement&) const = default;
};

// What this process may do to its children on this kernel: each reason is absent where it works.
struct ConfinementSupport {
    std::optional<std::string> no_network;
    std::optional<std::string> no_files;
    std::optional<std::string> no_privileges;
    int landlock_abi = 0;
    bool user_namespace = false;  // the network namespace needs one: we are not root
};

// Finds out by doing it all in a forked child. Throws std::system_error if it cannot fork.
ConfinementSupport probe_confinement();

}  // namespace corral
