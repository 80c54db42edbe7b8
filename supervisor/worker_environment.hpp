// Which of the supervisor's variables its confined workers get: what programs need to find their
// files and what the drivers and runtimes of GPUs are set with. No keys, no tokens, and no
// LLAMA_ARG_*, which would change the command line. Pure.
#pragma once

#include <map>
#include <string>

namespace corral {

using Environment = std::map<std::string, std::string>;

// `entries` as in environ(7): NAME=VALUE, ended by a null.
Environment worker_environment(const char* const* entries);

}  // namespace corral
