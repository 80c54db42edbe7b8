// How a forked child confines itself. Prepared before the fork, because opening and allocating is
// not for a forked child; its steps are single system calls. Used by ipc/process_spawner and by
// the probe.
#pragma once

#include "ipc/confinement.hpp"
#include "ipc/landlock.hpp"

namespace corral {

class ConfinementEntry {
  public:
    // Throws std::system_error when Landlock's ruleset cannot be made.
    explicit ConfinementEntry(const Confinement& confinement);

    // In the child. Each returns null, or what failed, with errno set.
    // First: a user namespace changes credentials, which would undo PR_SET_PDEATHSIG.
    const char* enter_network();
    const char* drop_privileges() const;
    const char* forbid_files() const;  // last: it takes the files that the others write

    bool has_user_namespace() const { return user_namespace_; }

  private:
    const char* enter_user_namespace();

    bool network_;
    bool privileges_;
    std::optional<LandlockRules> files_;
    std::string uid_map_;
    std::string gid_map_;
    bool user_namespace_ = false;
};

// The child's own /proc/self/oom_score_adj: the kernel then kills it rather than its parent.
// Written in the child, because a user namespace would keep the parent from it.
void raise_oom_score(int score);
// `ours` and what a child gets on top of it, at most what the kernel takes.
int child_oom_score();

}  // namespace corral
