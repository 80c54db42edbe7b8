// Sizes and shares of memory as people write them (config/size.hpp), and the rule of their keys.
#include <doctest/doctest.h>

#include "config/rules.hpp"
#include "config/size.hpp"

using namespace corral;

TEST_CASE("sizes") {
    CHECK(parse_size("512M") == 512U << 20);
    CHECK(parse_size("1.5G") == 1536U << 20);
    CHECK(parse_size("8GiB") == std::uint64_t{8} << 30);
    CHECK(parse_size("16K") == 16384U);
    CHECK(parse_size("2T") == std::uint64_t{2} << 40);
    CHECK(format_size(std::uint64_t{8} << 30) == "8G");
    CHECK(format_size(1536U << 20) == "1536M");
    CHECK(format_size(0) == "0M");
    for (const char* text : {"", "8", "G", "-1G", "+1G", " 1G", "1G ", "1 G", "8GB", "8g", ".5G",
                             "5.G", "1.2.3G", "1e3G", "nanG", "9999999999G", "iB", "999999999T"})
        CHECK_FALSE_MESSAGE(parse_size(text), text);
}

TEST_CASE("a share is a size or a percentage") {
    using rules::SizeOrPercent;
    CHECK(SizeOrPercent::parse("10%")->of(1000) == 100);
    CHECK(SizeOrPercent::parse("99%")->of(50) == 49);
    CHECK(SizeOrPercent::parse("2G")->of(1000) == std::uint64_t{2} << 30);
    CHECK(SizeOrPercent::show({.percent = 10}) == "10%");
    CHECK(SizeOrPercent::show({.bytes = 512U << 20}) == "512M");
    for (const char* text : {"0%", "100%", "%", "-1%", "1.5%", "10", ""})
        CHECK_FALSE_MESSAGE(SizeOrPercent::parse(text), text);
}
