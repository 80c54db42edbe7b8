// Which files a confined worker may read and which device nodes it may use: what its command line
// and its environment name, the program with its libraries, those of the system, and the common
// drivers of GPUs. Looks at the file system, changes nothing.
#pragma once

#include <string>
#include <vector>

#include "ipc/child.hpp"

namespace corral {

// The other parts of a model in parts (NAME-00001-of-00003.gguf), itself included; nothing for
// another name.
std::vector<std::string> model_parts(const std::string& path);

// The folder of the program, links resolved; if that is a `bin`, the libraries beside it too.
std::vector<std::string> program_folders(const std::string& program);

// Of a command whose environment is complete.
std::vector<std::string> readable_paths(const Command& command);

std::vector<std::string> gpu_devices();

}  // namespace corral
