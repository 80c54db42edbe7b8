// Users and groups of this machine by name or number.
#pragma once

#include <sys/types.h>

#include <string>

namespace corral {

// Throw std::runtime_error, one line that names it, when there is none of this name.
uid_t uid_of(const std::string& name_or_number);
gid_t gid_of(const std::string& name_or_number);

}  // namespace corral
