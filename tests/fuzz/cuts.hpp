// Where a fuzz input wants its bytes cut into packets. An input begins with one control byte whose
// lowest three bits count the sizes that follow it, one byte each; the sizes are used in turn. So
// '0' in front of a seed means "all at once", and the upper bits are the target's own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace corral::fuzz {

class Cuts {
  public:
    // Takes its bytes off the front of `input`.
    explicit Cuts(std::string_view& input) {
        if (input.empty()) return;
        control_ = static_cast<unsigned char>(input.front());
        input.remove_prefix(1);
        const std::size_t count = std::min<std::size_t>(control_ & 7, input.size());
        sizes_ = input.substr(0, count);
        input.remove_prefix(count);
    }

    unsigned control() const { return control_; }
    bool none() const { return sizes_.empty(); }

    // `bytes` in packets, none of them empty; the last takes what is left.
    std::vector<std::string_view> of(std::string_view bytes, std::size_t most = SIZE_MAX) const {
        std::vector<std::string_view> packets;
        for (std::size_t i = 0; !bytes.empty(); ++i) {
            const bool last = none() || i + 1 >= most;
            const std::size_t size = last ? bytes.size() : size_at(i % sizes_.size());
            packets.push_back(bytes.substr(0, size));
            bytes.remove_prefix(packets.back().size());
        }
        return packets;
    }

  private:
    std::size_t size_at(std::size_t i) const {
        return std::max<std::size_t>(static_cast<unsigned char>(sizes_[i]), 1);
    }

    unsigned control_ = 0;
    std::string_view sizes_;
};

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace corral::fuzz
