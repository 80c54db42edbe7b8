#include "cli/doctor_report.hpp"

#include <unistd.h>

#include "cli/terminal.hpp"

namespace corral {

void DoctorReport::line(const char* verdict, const std::string& text) {
    write_all(STDOUT_FILENO, std::string(verdict) + "  " + one_line(text) + "\n");
}

}  // namespace corral
