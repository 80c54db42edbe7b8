// The command line of a pool's workers. Why each option is there: docs/llama-cli.md.
#pragma once

#include "config/config.hpp"
#include "ipc/child.hpp"

namespace corral {

// `program` and `template_file` are paths; `threads` is what "auto" came to.
Command llama_cli_command(const PoolConfig& pool, const std::string& program,
                          const std::string& template_file, unsigned threads);

// The executable that `name` means: itself if it holds a slash, else the first of that name on
// PATH. Throws std::runtime_error, one line with the way out, when there is none that can be run.
std::string find_program(const std::string& name);

}  // namespace corral
