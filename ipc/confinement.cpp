#include "ipc/confinement.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "ipc/confinement_entry.hpp"

namespace corral {
namespace {

// What the forked child found; the names are literals, which are at the same place in both.
struct Outcome {
    struct Step {
        const char* failed;
        int error;
    };
    Step network;
    Step privileges;
    Step files;
    bool user_namespace;

    static Step step(const char* failed) { return {failed, errno}; }
};

Outcome try_everything(ConfinementEntry& entry) {
    Outcome outcome{};
    outcome.network = Outcome::step(entry.enter_network());
    outcome.privileges = Outcome::step(entry.drop_privileges());
    outcome.files = Outcome::step(entry.forbid_files());
    outcome.user_namespace = entry.has_user_namespace();
    return outcome;
}

std::system_error failure(const char* what) {
    return {errno, std::generic_category(), what};
}

std::optional<std::string> reason(const Outcome::Step& step) {
    if (!step.failed) return std::nullopt;
    return std::string(step.failed) + ": " + std::strerror(step.error);
}

Outcome outcome_in_child(ConfinementEntry& entry) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw failure("cannot make a pipe");
    const pid_t child = fork();
    if (child == 0) {
        const Outcome outcome = try_everything(entry);
        _exit(write(ends[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
    }
    close(ends[1]);
    Outcome outcome{};
    const bool told =
        child > 0 && read(ends[0], &outcome, sizeof outcome) == ssize_t{sizeof outcome};
    close(ends[0]);
    if (child > 0) waitpid(child, nullptr, 0);
    if (!told) throw failure("cannot try in a child how it can be confined");
    return outcome;
}

}  // namespace

ConfinementSupport probe_confinement() {
    ConfinementSupport support;
    support.landlock_abi = landlock_abi();
    if (support.landlock_abi == 0)
        support.no_files = std::string("Landlock: ") + std::strerror(errno);
    const bool files = support.landlock_abi > 0;
    Confinement all;
    all.network = all.privileges = true;
    all.files = files;
    ConfinementEntry entry(all);
    const Outcome outcome = outcome_in_child(entry);
    support.no_network = reason(outcome.network);
    support.no_privileges = reason(outcome.privileges);
    if (files) support.no_files = reason(outcome.files);
    support.user_namespace = outcome.user_namespace;
    return support;
}

}  // namespace corral
