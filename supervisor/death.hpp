// How a worker's process ended, as far as somebody is to blame for it.
#pragma once

namespace corral {

enum class Death {
    crashed,  // of its own: SIGSEGV, SIGABRT and their like, a non-zero exit
    killed,   // SIGKILL that was not ours: the kernel's OOM killer, or a person
    other     // by us (hung, out of protocol), or a quiet exit
};

}  // namespace corral
