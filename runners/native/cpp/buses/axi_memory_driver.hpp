// The driver of a memory behind AXI4 or AXI4-Lite: takes requests of the design, answers them in order. As
// axi_memory_driver.py.
// facts: payload word bytes step held
#pragma once
#include "bus_parts.hpp"

namespace dv {

// A request is held by `stall`, its answer comes `latency` cycles later than possible. A write is done when its last
// beat is in; a word is read when its beat is first offered.
class AxiMemoryDriver : public Driver {
   public:
    AxiMemoryDriver(Json::Value port, Board& board)
        : Driver(board, width_of(port), true), bytes_(uint64_t(port["bytes"].integer())),
          bits_(int(port["word"].integer())), memory_(bits_, uint64_t(port["step"].integer())) {
        std::string name(port["name"].text());
        for (int number = kAw; number <= kR; number++) {
            const char* part = kParts[number];
            Json::Value facts = port[part];
            if (!facts) continue;
            Channel& one = channels_[number];
            one.exists = true;
            one.stream = board.stream(name + "." + part);
            one.valid = board.place(facts["valid"]);
            one.last = facts["last"].truth();
            one.payload = payload_fields(port["payload"][part]);
            one.sampled = sampled_fields(port["payload"][part], facts["fields"], board.sample_width);
        }
    }
    void memory(Json::Value words) override { memory_.load(words); }
    void reset() override {
        note();
        addressed_.clear(), data_.clear(), written_.clear(), reads_.clear();
        offered_.clear();
    }
    const Word* plan() override {
        note();
        state = request_state_;
        bool ready = bit(advance(), 0);
        request_state_ = state;
        Writer writer(composed_.next, width());
        for (int part = kAw; part <= kR; part++) {
            if (!channels_[part].exists) continue;
            if (part == kB)
                answer_write(writer);
            else if (part == kR)
                answer_read(writer);
            else
                writer.put(part == kW || ready);
        }
        return composed_.shown();
    }

   protected:
    Steps play(const Op& op) override { return op.kind == "serve" ? serve(op) : wait(op); }

   private:
    using Wide = unsigned __int128;
    enum Part { kAw, kW, kB, kAr, kR };
    static constexpr const char* kParts[] = {"aw", "w", "b", "ar", "r"};
    static constexpr uint64_t kFixed = 0, kWrap = 2;  // kinds of bursts; all others have the next address
    struct Channel {
        bool exists = false, last = false;
        size_t stream = 0;
        int valid = 0;
        int64_t seen = 0;
        std::vector<Field> payload, sampled;
    };
    struct Request {
        uint64_t id, address, length, size, burst;
        int64_t latency;
    };
    struct Data {
        Words word, strobes;
        bool has_strobes;
    };
    struct Read {
        int64_t due;
        Request request;
        uint64_t place;
    };
    Channel channels_[5];
    uint64_t bytes_;
    int bits_;
    TestMemory memory_;
    std::deque<Request> addressed_;  // writes without all of their data
    std::deque<Data> data_;
    std::deque<std::pair<int64_t, Words>> written_;  // answers of writes, with the earliest cycle
    std::deque<Read> reads_;                         // beats of reads
    Words offered_;                                  // the beat of a read that is being offered; empty: none
    int64_t latency_ = 0, taken_ = 0;
    State request_state_ = State::Ended;
    Composed composed_;

    static int width_of(Json::Value port) {
        int width = int(port["held"].integer());
        for (const char* part : kParts) {
            Json::Value facts = port[part];
            if (!facts) continue;
            bool answers = part[0] == 'b' || part[0] == 'r';
            width += 1 + (answers ? int(facts["last"].truth()) + int(facts["width"].integer()) : 0);
        }
        return width;
    }
    static int answer_bits(const Channel& one) { return 1 + one.last + total_bits(one.payload); }

    bool fired(Part part) {
        Channel& one = channels_[part];
        if (!one.exists || board.counts[one.stream] <= one.seen) return false;
        one.seen++;
        return true;
    }
    uint64_t field(Part part, std::string_view name, uint64_t otherwise) const {
        const Field* one = find(channels_[part].sampled, name);
        return one ? get_bits(board.sample, one->low, std::min(one->bits, 64)) : otherwise;
    }
    Request request(Part part) {
        taken_++;
        const Field* size = find(channels_[part].sampled, "size");
        return {field(part, "id", 0), field(part, "addr", 0), field(part, "len", 0),
                size ? uint64_t(1) << field(part, "size", 0) : bytes_, field(part, "burst", 1), latency_};
    }
    // What the cycle before did.
    void note() {
        if (fired(kB)) written_.pop_front();
        if (fired(kR)) reads_.pop_front(), offered_.clear();
        if (fired(kAw)) addressed_.push_back(request(kAw));
        if (fired(kW)) {
            Data& one = data_.emplace_back();
            const Field *word = find(channels_[kW].sampled, "data"), *strobe = find(channels_[kW].sampled, "strb");
            take_bits(board.sample, word->low, word->bits, one.word);
            one.word.resize(std::max(one.word.size(), words_for(bits_)), 0);
            one.has_strobes = strobe;
            if (strobe) take_bits(board.sample, strobe->low, strobe->bits, one.strobes);
        }
        while (!addressed_.empty() && data_.size() > addressed_.front().length) {
            write(addressed_.front());
            addressed_.pop_front();
        }
        if (!fired(kAr)) return;
        const Request one = request(kAr);
        for (uint64_t place = 0; place <= one.length; place++) reads_.push_back({board.cycle + latency_, one, place});
    }
    void write(const Request& one) {
        for (uint64_t place = 0; place <= one.length; place++) {
            const Data& data = data_.front();
            memory_.write(address(one, place), data.word, data.has_strobes ? &data.strobes : nullptr);
            data_.pop_front();
        }
        written_.emplace_back(board.cycle + one.latency, answer(channels_[kB], one, nullptr, false));
    }
    // The address of one beat of a burst.
    static Wide address(const Request& one, uint64_t place) {
        Wide size = one.size, address = one.address;
        if (one.burst != kFixed && place) address = one.address / size * size + place * size;
        if (one.burst != kWrap) return address;
        Wide whole = size * (Wide(one.length) + 1);
        return one.address / whole * whole + address % whole;
    }
    Words answer(const Channel& channel, const Request& one, const Words* word, bool last) const {
        Words payload(words_for(total_bits(channel.payload)), 0), text;
        const Word id[3] = {Word(one.id), Word(one.id >> 32), 0};
        if (const Field* field = find(channel.payload, "id"))
            set_bits(payload.data(), field->low, std::min(field->bits, 64), id);
        const Field* data = find(channel.payload, "data");
        if (word && data) set_bits(payload.data(), data->low, std::min(data->bits, bits_), word->data());
        Writer writer(text, answer_bits(channel));
        writer.put(true);
        if (channel.last) writer.put(last);
        writer.put(payload, total_bits(channel.payload));
        return text;
    }
    void answer_write(Writer& writer) {
        const int bits = answer_bits(channels_[kB]);
        if (!written_.empty() && is_due(written_.front().first))
            writer.put(written_.front().second, bits);
        else
            writer.skip(bits);
    }
    void answer_read(Writer& writer) {
        const int bits = answer_bits(channels_[kR]);
        if (reads_.empty() || !is_due(reads_.front().due)) return writer.skip(bits);
        const Read& one = reads_.front();
        if (offered_.empty())
            offered_ = answer(channels_[kR], one.request, &memory_.at(address(one.request, one.place)),
                              one.place == one.request.length);
        writer.put(offered_, bits);
    }
    bool is_due(int64_t cycle) {
        if (cycle > board.cycle)
            state = State::Timed;
        else if (state == State::Ended)
            state = State::Offering;
        return cycle <= board.cycle;
    }
    bool asking() const {
        for (int part : {kAw, kAr})
            if (channels_[part].exists && bit(board.sample, channels_[part].valid)) return true;
        return false;
    }
    Steps serve(const Op& op) {
        latency_ = op.gap;
        for (int64_t served = 0; served < op.value;) {
            state = State::Ended;
            for (int64_t left = op.stall; left;) {
                co_yield Show{low.data()};
                // A request withdrawn, as by a reset, may never return: only with one does the stall end by itself.
                const bool seen = asking();
                state = seen ? State::Timed : State::Ended;
                left -= seen;
            }
            state = State::Ended;
            const int64_t taken = taken_;
            while (taken_ == taken) co_yield Show{high.data()};
            served += taken_ - taken;
        }
        latency_ = 0;
    }
};

inline const Register<AxiMemoryDriver> axi_memory_driver("axi_memory");

}  // namespace dv
