// Figures, text that is safe on a terminal, the table of the workers.
#include <doctest/doctest.h>

#include "cli/pool_table.hpp"
#include "cli/terminal.hpp"
#include "supervisor/format.hpp"

using namespace corral;

TEST_CASE("lengths of time for people") {
    CHECK(format_seconds(0) == "0.0 s");
    CHECK(format_seconds(-3) == "0.0 s");
    CHECK(format_seconds(0.44) == "0.4 s");
    CHECK(format_seconds(9.94) == "9.9 s");
    CHECK(format_seconds(9.96) == "10 s");
    CHECK(format_seconds(59.4) == "59 s");
    CHECK(format_seconds(59.6) == "1m 00s");
    CHECK(format_seconds(187) == "3m 07s");
    CHECK(format_seconds(3600 * 5 + 125) == "5h 02m");
    CHECK(format_seconds(86400 * 4 + 3600 * 11 + 5) == "4d 11h");
    CHECK(format_seconds(1e300) != "");
}

TEST_CASE("sizes for people") {
    CHECK(format_bytes(0) == "0 B");
    CHECK(format_bytes(1023) == "1023 B");
    CHECK(format_bytes(1024) == "1.00 KiB");
    CHECK(format_bytes(12'900'000) == "12.3 MiB");
    CHECK(format_bytes(1'610'612'736) == "1.50 GiB");
    CHECK(format_bytes(1'048'575) == "1.00 MiB");
    CHECK(format_bytes(UINT64_MAX) == "16777216 TiB");
}

TEST_CASE("text cannot command the terminal") {
    CHECK(harmless("a\x1b[31mb\x07\r\n\tc\x7f") == "a[31mb\n\tc");
    CHECK(harmless("\xc2\x9b"
                   "31m\xc2\xa0\xc3\xa9") == "31m\xc2\xa0\xc3\xa9");
    CHECK(harmless("\xc2") == "\xc2");
    CHECK(one_line("a\nb\tc\n\n") == "a b c");
    CHECK(display_width("\xc3\xa9\xf0\x9f\x90\xae"
                        "a") == 3);
    CHECK(cropped("abc", 3) == "abc");
    CHECK(cropped("abcd", 3) == "ab…");
    CHECK(cropped("\xc3\xa9\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9…");
    CHECK(cropped("abc", 0) == "");
}

TEST_CASE("the table of the workers") {
    const char* report = R"({"pools":[
        {"name":"default","model":"m.gguf","queue":{"length":2,"limit":64},"workers":[
            {"id":"default/1","state":"ready","state_seconds":12.4,"pid":123,"uptime_seconds":187,
             "requests":5,"restarts":0,"last_exit":null,"rss_bytes":41943040,
             "pss_bytes":12900000,"news":[1]},
            {"id":"default/10","state":"backoff","state_seconds":0.2,"pid":null,
             "uptime_seconds":null,"requests":0,"restarts":3,"last_exit":"exit code 1:\n\u001bno",
             "rss_bytes":null,"pss_bytes":null}]},
        {"name":"other","model":"o.gguf","queue":{"length":0,"limit":8},"workers":[]}]})";
    CHECK(pool_table(report) ==
          "pool default  m.gguf\n"
          "queue 2/64, the first for -\n"
          "WORKER      STATE        SINCE  WORKING ON  PID  UPTIME  REQUESTS  RESTARTS  "
          "MEMORY PSS / RSS     LAST EXIT\n"
          "default/1   ready        12 s   -           123  3m 07s  5         0         "
          "12.3 MiB / 40.0 MiB  -\n"
          "default/10  backing off  0.2 s  -           -    -       0         3         "
          "- / -                exit code 1: no\n"
          "\n"
          "pool other  o.gguf\n"
          "queue 0/8\n"
          "WORKER  STATE  SINCE  WORKING ON  PID  UPTIME  REQUESTS  RESTARTS  MEMORY PSS / RSS  "
          "LAST EXIT\n");
}

TEST_CASE("a report with less in it, and none at all") {
    const std::string table = pool_table(R"({"pools":[{"workers":[{"id":"a","rss_bytes":-1}]}]})");
    CHECK(table.starts_with("pool -  -\nqueue -/-\n"));
    CHECK(table.ends_with(
        "a       -      -      -           -    -       -         -         - / -             "
        "-\n"));
    for (const char* report : {"", "{}", "[]", "{\"pools\":7}", "{\"pools\":[7]}",
                               "{\"pools\":[{}]}", "{\"pools\":[{\"workers\":[null]}]}"}) {
        CAPTURE(report);
        CHECK_THROWS_AS(pool_table(report), PoolReportError);
    }
}
