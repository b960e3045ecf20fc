// Vectors of bits in words of 32, as Verilator holds them: bit 0 is the least significant bit of the first word.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace dv {

using Word = uint32_t;
using Words = std::vector<Word>;

// One word more than needed, so that two neighbours can always be read.
inline size_t words_for(int width) { return size_t((width + 31) / 32) + 1; }

inline bool bit(const Word* words, int place) { return (words[place >> 5] >> (place & 31)) & 1; }

// Copies `width` bits of `from` to `low` of `to`; returns whether any bit changed.
inline bool set_bits(Word* to, int low, int width, const Word* from) {
    Word changed = 0;
    for (int done = 0; done < width;) {
        int shift = (low + done) & 31, count = 32 - shift, skip = done & 31;
        if (count > width - done) count = width - done;
        Word value = from[done >> 5] >> skip;
        if (skip && count > 32 - skip) value |= from[(done >> 5) + 1] << (32 - skip);
        Word mask = count == 32 ? ~Word(0) : (Word(1) << count) - 1;
        Word& word = to[(low + done) >> 5];
        Word next = (word & ~(mask << shift)) | ((value & mask) << shift);
        changed |= word ^ next;
        word = next;
        done += count;
    }
    return changed != 0;
}

inline void set_bit(Word* to, int place, bool value) {
    Word mask = Word(1) << (place & 31);
    to[place >> 5] = value ? to[place >> 5] | mask : to[place >> 5] & ~mask;
}

// Up to 64 bits from `low` on.
inline uint64_t get_bits(const Word* words, int low, int width) {
    uint64_t result = 0;
    for (int place = width - 1; place >= 0; place--) result = result << 1 | bit(words, low + place);
    return result;
}

// Copies `width` bits from `low` on to the lowest bits of `out`, and clears the others.
inline void take_bits(const Word* words, int low, int width, Words& out) {
    out.assign(words_for(width), 0);
    for (int done = 0; done < width; done += 32)
        out[size_t(done >> 5)] = Word(get_bits(words, low + done, width - done < 32 ? width - done : 32));
}

// Of a decimal number that fits into 64 bits.
constexpr size_t kPlainDigits = 18;

// A decimal number of any length; bits that do not fit into `width` are cut off.
inline void decimal(std::string_view digits, int width, Words& out) {
    out.assign(words_for(width), 0);
    size_t used = size_t((width + 31) / 32);
    if (digits.size() <= kPlainDigits) {
        uint64_t value = 0;
        for (char one : digits) value = value * 10 + uint64_t(one - '0');
        if (width < 64) value &= (uint64_t(1) << width) - 1;
        out[0] = Word(value);
        if (used > 1) out[1] = Word(value >> 32);
        return;
    }
    for (size_t at = 0; at < digits.size();) {
        uint64_t carry = 0, scale = 1;
        for (int count = 0; count < 9 && at < digits.size(); count++, at++)
            carry = carry * 10 + uint64_t(digits[at] - '0'), scale *= 10;
        for (size_t place = 0; place < used; place++) {
            carry += uint64_t(out[place]) * scale;
            out[place] = Word(carry);
            carry >>= 32;
        }
    }
    if (width & 31) out[used - 1] &= (Word(1) << (width & 31)) - 1;
}

}  // namespace dv
