// What the drivers of all buses share: payloads made of named fields, and pieces that are put together in each cycle.
// As access_driver.py.
#pragma once
#include <deque>

#include "driver.hpp"

namespace dv {

// A named part of a vector; `low` is its lowest bit.
struct Field {
    std::string_view name;
    int low, bits;
};

// Fields of a payload, as [name, bits]: the first one in the lowest bits.
inline std::vector<Field> payload_fields(Json::Value places) {
    std::vector<Field> fields;
    int low = 0;
    for (Json::Value one = places.first(); one; one = one.next()) {
        int bits = int(one.first().next().integer());
        fields.push_back({one.first().text(), low, bits});
        low += bits;
    }
    return fields;
}
inline int total_bits(const std::vector<Field>& fields) {
    return fields.empty() ? 0 : fields.back().low + fields.back().bits;
}

// Fields of a transfer, in the sample vector: `places` are pairs of indices into the text, in the order of `payload`.
inline std::vector<Field> sampled_fields(Json::Value payload, Json::Value places, int sample_width) {
    std::vector<Field> fields = payload_fields(payload);
    Json::Value place = places.first();
    for (Field& field : fields) {
        int first = int(place.first().integer()), end = int(place.first().next().integer());
        field.low = sample_width - end, field.bits = end - first;
        place = place.next();
    }
    return fields;
}
inline const Field* find(const std::vector<Field>& fields, std::string_view name) {
    for (const Field& one : fields)
        if (one.name == name) return &one;
    return nullptr;
}

// Writes a piece of the drive vector from its highest bit downwards.
class Writer {
   public:
    Writer(Words& to, int width) : to_(to), at_(width) { to_.assign(words_for(width), 0); }
    void put(bool value) { set_bit(to_.data(), --at_, value); }
    void put(const Words& words, int width) { set_bits(to_.data(), at_ -= width, width, words.data()); }
    void skip(int width) { at_ -= width; }

   private:
    Words& to_;
    int at_;
};

// A piece that is made anew in each cycle; the same pointer as long as it does not change.
class Composed {
   public:
    Words next;
    const Word* shown() {
        if (next != texts_[turn_]) texts_[turn_ = !turn_] = next;
        return texts_[turn_].data();
    }

   private:
    Words texts_[2];
    bool turn_ = false;
};

// Plays accesses; a reset drops the one that has begun, and an access that has not begun comes after the reset.
class AccessDriver : public Driver {
   public:
    AccessDriver(Json::Value port, Board& board, int width) : Driver(board, width) {
        Json::Value name = port["item"].first();
        for (; name; name = name.next().next()) {
            Json::Value place = name.next().first();
            item_.push_back({name.text(), int(place.integer()), int(place.next().integer())});
            item_bits_ = std::max(item_bits_, item_.back().low + item_.back().bits);
        }
    }
    void reset() override {
        index += begun;
        begun = 0;
        restart();
    }

   protected:
    size_t begun = 0;  // operations of the access that has driven a pin and is not over

    virtual Steps access(const Op& op) = 0;
    Steps play(const Op& op) override { return op.kind == "access" ? access(op) : wait(op); }
    void over() { index += begun - 1, begun = 0; }

    // The fields of an access, packed.
    Words item(const Op& op) const {
        Words packed;
        decimal(op.digits, item_bits_, packed);
        return packed;
    }
    // One of them; 0 if there is none of this name.
    uint64_t value(const Words& packed, std::string_view name) const {
        const Field* field = find(item_, name);
        return field ? get_bits(packed.data(), field->low, std::min(field->bits, 64)) : 0;
    }
    // A payload with the fields of an access; those that it does not have are 0.
    Words payload(const std::vector<Field>& fields, const Words& packed) const {
        Words result(words_for(total_bits(fields)), 0), part;
        for (const Field& field : fields) {
            const Field* from = find(item_, field.name);
            if (!from) continue;
            take_bits(packed.data(), from->low, std::min(from->bits, field.bits), part);
            set_bits(result.data(), field.low, std::min(from->bits, field.bits), part.data());
        }
        return result;
    }

   private:
    std::vector<Field> item_;
    int item_bits_ = 0;
};

// The words of a test memory, to which a design may write.
class TestMemory {
   public:
    TestMemory(int bits, uint64_t step) : bits_(bits), step_(step), words_(1, Words(words_for(bits), 0)) {}
    void load(Json::Value words) {
        if (!words.first()) return;
        words_.clear();
        words_.reserve(words.count());
        for (Json::Value one = words.first(); one; one = one.next()) decimal(one.text(), bits_, words_.emplace_back());
    }
    Words& at(unsigned __int128 address) { return words_[size_t(address / step_ % words_.size())]; }
    // Writes the bytes whose bit of `strobes` is 1, or all bits if there are no strobes.
    void write(unsigned __int128 address, const Words& data, const Words* strobes) {
        Words& word = at(address);
        if (!strobes) set_bits(word.data(), 0, bits_, data.data());
        for (int byte = 0; strobes && byte < bits_ / 8; byte++) {
            if (size_t(byte >> 5) >= strobes->size() || !bit(strobes->data(), byte)) continue;
            Word value[2] = {Word(get_bits(data.data(), 8 * byte, 8)), 0};
            set_bits(word.data(), 8 * byte, 8, value);
        }
    }

   private:
    int bits_;
    uint64_t step_;
    std::vector<Words> words_;
};

}  // namespace dv
