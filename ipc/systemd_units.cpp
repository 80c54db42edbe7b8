#include "ipc/systemd_units.hpp"

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace corral {

UnitProperties parse_unit_properties(std::string_view text) {
    UnitProperties properties;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (equals == line.npos) continue;
        std::string& value = properties[std::string(line.substr(0, equals))];
        if (!value.empty()) value += ' ';
        value += line.substr(equals + 1);
    }
    return properties;
}

std::optional<UnitProperties> unit_properties(const std::string& unit) {
    if (access("/run/systemd/system/", F_OK) != 0) return std::nullopt;  // as sd_booted(3) looks
    // Names of units come from file names: only those that the shell leaves alone.
    constexpr auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-";
    if (unit.find_first_not_of(plain) != unit.npos) return std::nullopt;
    const std::string command = "timeout 5 systemctl show -- " + unit + " 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    if (!pipe) return std::nullopt;
    std::string text;
    char bytes[4096];
    while (const std::size_t size = fread(bytes, 1, sizeof bytes, pipe.get()))
        text.append(bytes, size);
    if (text.empty()) return std::nullopt;
    return parse_unit_properties(text);
}

}  // namespace corral
