// What doctor says of the units, from what systemctl would print.
#include "cli/doctor_systemd.hpp"

#include <doctest/doctest.h>

using namespace corral;

namespace {

// Keeps the lines instead of printing them.
struct Lines final : DoctorReport {
    std::string all;
    void line(const char* verdict, const std::string& text) override {
        all += std::string(verdict) + "|" + text + "\n";
    }
    bool has(const std::string& text) const { return all.find(text) != all.npos; }
};

ServiceUnits well() {
    return {
        "corral",
        parse_unit_properties("LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
                              "NeedDaemonReload=no\nPrivateNetwork=yes\nProtectHome=yes\n"),
        parse_unit_properties("LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
                              "NeedDaemonReload=no\nListen=/run/corral/corral.sock (Stream)\n")};
}

Config config_with(const std::string& model) {
    Config config;
    config.pools.emplace_back().model = model;
    return config;
}

std::string said(const ServiceUnits& units, const Config& config) {
    Lines lines;
    check_units(units, config, lines);
    return lines.all;
}

}  // namespace

TEST_CASE("properties as systemctl prints them") {
    const UnitProperties parsed =
        parse_unit_properties("A=1\nListen=/a (Stream)\nno property\nListen=1:2 (Stream)\nB=x=y");
    CHECK(parsed ==
          UnitProperties{{"A", "1"}, {"Listen", "/a (Stream) 1:2 (Stream)"}, {"B", "x=y"}});
    CHECK(parse_unit_properties("").empty());
}

TEST_CASE("which unit starts with a configuration") {
    CHECK(unit_of("/etc/corral/corral.yaml") == "corral");
    CHECK(unit_of("/etc/../etc/corral/night.yaml") == "corral@night");
    CHECK_FALSE(unit_of("corral.yaml"));
    CHECK_FALSE(unit_of(""));
    CHECK_FALSE(unit_of("/etc/corral/keys.txt"));
}

TEST_CASE("units that are well are said to be so, and nothing else") {
    CHECK(said(well(), config_with("/var/lib/corral/models/m.gguf")) ==
          "ok  |systemd: corral.socket is enabled and active\n"
          "ok  |systemd: corral.service is active and starts at boot\n");
    ServiceUnits units = well();
    units.service["UnitFileState"] = "disabled";
    units.service["ActiveState"] = "inactive";
    CHECK(said(units, config_with("/m.gguf")).find("inactive and starts with the first request") !=
          std::string::npos);
}

TEST_CASE("what is wrong with units, and what to do about it") {
    const Config config = config_with("/var/lib/corral/models/m.gguf");
    ServiceUnits units = well();
    units.socket["UnitFileState"] = "disabled";
    CHECK(said(units, config)
              .find("warn|systemd: corral.socket is disabled and does not come with "
                    "the next boot; systemctl enable --now corral.socket") == 0);
    units = well();
    units.service["NeedDaemonReload"] = "yes";
    CHECK(said(units, config).find("systemctl daemon-reload") != std::string::npos);
    units = well();
    units.service["ActiveState"] = "failed";
    units.service["Result"] = "watchdog";
    CHECK(said(units, config)
              .find("BAD |systemd: corral.service failed (watchdog); journalctl -u "
                    "corral tells why") != std::string::npos);
    units = well();
    units.socket["LoadState"] = "not-found";
    CHECK(said(units, config)
              .find("BAD |systemd: corral.service or corral.socket is not "
                    "installed") == 0);
}

TEST_CASE("files that the service would not see, and a port that nobody would reach") {
    CHECK(said(well(), config_with("/home/me/m.gguf"))
              .find("BAD |systemd: the service does not see "
                    "homes (ProtectHome=yes), where "
                    "/home/me/m.gguf is") != std::string::npos);
    CHECK(said(well(), config_with("/homework/m.gguf")).find("BAD") == std::string::npos);
    Config config = config_with("/var/lib/corral/models/m.gguf");
    config.listen.tcp.emplace();
    config.listen.tcp->address = "127.0.0.1";
    config.listen.tcp->port = 8080;
    CHECK(said(well(), config)
              .find("systemctl edit corral.socket, "
                    "ListenStream=127.0.0.1:8080") != std::string::npos);
    ServiceUnits units = well();
    units.socket["Listen"] += " 127.0.0.1:8080 (Stream)";
    CHECK(said(units, config).find("warn") == std::string::npos);
}
