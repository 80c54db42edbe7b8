// Users and groups of this machine by name or number.
#pragma once

#include <sys/types.h>

#include <string>

namespace corral {

// Throw std::runtime_error, one line that names it, when there is none of this name.
uid_t uid_of(const std::string& name_or_number);
gid_t gid_of(const std::string& name_or_number);

// Whether the user may access(2) the file in this way (R_OK, X_OK). Only for root, and before there
// are threads: a fork becomes that user. Throws like uid_of.
bool may_access(const std::string& user, const std::string& path, int how);

}  // namespace corral
