// The driver of AXI4 and AXI4-Lite ports: requests wait in a queue for each channel, answers are counted. As
// axi_driver.py.
// facts: item payload constant bursts
#pragma once
#include <algorithm>

#include "bus_parts.hpp"

namespace dv {

// One of aw, w and ar: offers what is queued, in order, each entry at the earliest in its cycle.
class RequestChannel {
   public:
    std::vector<Field> fields;

    RequestChannel(size_t stream, Json::Value part, Json::Value payload, Board& board)
        : fields(payload_fields(payload)), board_(board), stream_(stream), last_(part["last"].truth()) {}
    int width() const { return 1 + last_ + total_bits(fields); }
    void put(int64_t cycle, const Words& payload, bool last) {
        Words& text = queue_.emplace_back(cycle, Words()).second;
        Writer writer(text, width());
        writer.put(true);
        if (last_) writer.put(last);
        writer.put(payload, total_bits(fields));
    }
    // Takes what was accepted in the cycle before off the queue.
    void note() {
        if (board_.counts[stream_] <= seen_) return;
        seen_++;
        if (!queue_.empty()) queue_.pop_front();
    }
    void clear() { queue_.clear(); }
    State plan(Writer& writer) {
        if (queue_.empty() || queue_.front().first > board_.cycle) {
            writer.skip(width());
            return queue_.empty() ? State::Ended : State::Timed;
        }
        writer.put(queue_.front().second, width());
        return State::Offering;
    }

   private:
    Board& board_;
    size_t stream_;
    bool last_;
    int64_t seen_ = 0;
    std::deque<std::pair<int64_t, Words>> queue_;
};

// One of b and r: ready, except that it stalls as each access asks.
class AnswerChannel {
   public:
    AnswerChannel(size_t stream, Json::Value part, Board& board)
        : board_(board), stream_(stream), valid_(board.place(part["valid"])) {}
    size_t open() const { return bursts_.size(); }
    // Counts the cycle before: an answer that was held, or accepted.
    void note() {
        if (board_.counts[stream_] > seen_) {
            seen_++;
            if (stalls_.empty()) return;
            stalls_.pop_front();
            if (!--bursts_.front()) bursts_.pop_front();
        } else if (held_ && !stalls_.empty() && waiting()) {
            stalls_.front()--;
        }
    }
    void expect(int64_t stall, size_t transfers) {
        stalls_.insert(stalls_.end(), transfers, stall);
        bursts_.push_back(transfers);
    }
    void clear() { stalls_.clear(), bursts_.clear(); }
    // A stall ends by itself only while there is an answer.
    State plan(Writer& writer) {
        held_ = !stalls_.empty() && stalls_.front() > 0;
        writer.put(!held_);
        return held_ && waiting() ? State::Timed : State::Ended;
    }

   private:
    Board& board_;
    size_t stream_;
    int valid_;
    int64_t seen_ = 0;
    bool held_ = false;
    std::deque<int64_t> stalls_;  // of the answers to come, one entry for each transfer
    std::deque<size_t> bursts_;   // transfers that are still to come, one entry for each access

    bool waiting() const { return board_.sample && bit(board_.sample, valid_); }
};

// Plays accesses on up to five channels; w and b belong to aw, r belongs to ar.
class AxiDriver : public AccessDriver {
   public:
    AxiDriver(Json::Value port, Board& board) : AccessDriver(port, board, width_of(port)) {
        std::string name(port["name"].text());
        for (const char* part : kParts) {
            Json::Value facts = port[part];
            if (!facts) continue;
            size_t stream = board.stream(name + "." + part);
            if (is_answer(part))
                order_.push_back({part, nullptr, std::make_unique<AnswerChannel>(stream, facts, board)});
            else
                order_.push_back(
                    {part, std::make_unique<RequestChannel>(stream, facts, port["payload"][part], board), nullptr});
        }
        int place = 0;
        Words value;
        for (Json::Value one = port["constant"].first(); one; one = one.next()) {
            int bits = int(one.first().integer());
            decimal(one.first().next().text(), bits, value);
            set_bits(low.data(), place, bits, value.data());
            place += bits;
        }
        tied_ = low, tied_bits_ = place;
        Json::Value bounds = port["bursts"];
        if (bounds.first())
            size_ = uint64_t(bounds["bytes"].integer()), page_ = uint64_t(bounds["page"].integer()),
            last_ = bounds["last"].text();
    }
    void reset() override {
        note();
        for (Part& one : order_) one.request ? one.request->clear() : one.answer->clear();
        AccessDriver::reset();
    }
    const Word* plan() override {
        note();
        state = track_state_;
        advance();
        track_state_ = state;
        Writer writer(composed_.next, width());
        bool timed = state == State::Timed, offering = false;
        for (Part& one : order_) {
            State found = one.request ? one.request->plan(writer) : one.answer->plan(writer);
            timed |= found == State::Timed, offering |= found == State::Offering;
        }
        if (tied_bits_) writer.put(tied_, tied_bits_);
        if (timed)
            state = State::Timed;
        else if (state == State::Ended && (offering || open()))
            state = State::Offering;
        return composed_.shown();
    }

   protected:
    Steps access(const Op& op) override {
        if (op.gap) {
            state = State::Timed;
            co_yield Show{silent(), op.gap};
        }
        const std::vector<Op>& all = operations();
        for (begun = 1; !all[index + begun - 1].last;) begun++;
        const Words values = item(op);
        begin(std::min(begun, fitting(value(values, "addr"))), values);
        state = State::Offering;
        const size_t limit = value(values, "overlap") ? kMost - 1 : 0;
        while (open() > limit) co_yield Show{silent()};
        over();
    }

   private:
    using Wide = unsigned __int128;
    static constexpr size_t kMost = 4;  // accesses without an answer at one time
    static constexpr const char* kParts[] = {"aw", "w", "b", "ar", "r"};
    struct Part {
        std::string_view name;
        std::unique_ptr<RequestChannel> request;
        std::unique_ptr<AnswerChannel> answer;
    };
    std::vector<Part> order_;  // of the drive vector
    Words tied_;
    int tied_bits_ = 0;
    uint64_t size_ = 0, page_ = 0;  // of bursts, in bytes; 0: all accesses have one beat
    std::string_view last_;
    State track_state_ = State::Ended;
    Composed composed_;

    static bool is_answer(std::string_view part) { return part == "b" || part == "r"; }
    static int width_of(Json::Value port) {
        int width = 0;
        for (const char* part : kParts) {
            Json::Value facts = port[part];
            if (!facts) continue;
            width += 1 + (is_answer(part) ? 0 : int(facts["last"].truth()) + int(facts["width"].integer()));
        }
        for (Json::Value one = port["constant"].first(); one; one = one.next()) width += int(one.first().integer());
        return width;
    }
    Part& part(std::string_view name) {
        for (Part& one : order_)
            if (one.name == name) return one;
        throw std::runtime_error("no channel " + std::string(name));
    }
    void note() {
        for (Part& one : order_) one.request ? one.request->note() : one.answer->note();
    }
    // Accesses whose answer is still to come.
    size_t open() const {
        size_t count = 0;
        for (const Part& one : order_) count += one.answer ? one.answer->open() : 0;
        return count;
    }
    // How many beats a burst may have that begins at `address`.
    size_t fitting(uint64_t address) const {
        if (!size_) return 1;
        Words last;
        decimal(last_, 64, last);
        Wide bound = std::max<Wide>(get_bits(last.data(), 0, 64), address) + size_;
        Wide end = std::min<Wide>(Wide(address) / page_ * page_ + page_, bound);
        Wide beats = (end - address / size_ * size_) / size_;
        return std::max<size_t>(1, size_t(beats));
    }
    // Queues the requests of one access, and how its answer is held.
    void begin(size_t beats, const Words& values) {
        const Op* first = &operations()[index];
        int64_t cycle = board.cycle;
        if (!value(values, "write")) {
            request("ar", cycle, values, beats);
            part("r").answer->expect(first->stall, beats);
            return;
        }
        request("aw", cycle + int64_t(value(values, "aw_delay")), values, beats);
        cycle += int64_t(value(values, "w_delay"));
        RequestChannel& channel = *part("w").request;
        for (size_t place = 0; place < beats; place++) {
            Words data = payload(channel.fields, item(first[place]));
            if (place) cycle += first[place].gap;
            const Field* strobe = find(channel.fields, "strb");
            // Bytes below the address are not part of the first beat.
            if (!place && size_ && strobe)
                for (uint64_t byte = 0; byte < value(values, "addr") % size_; byte++)
                    set_bit(data.data(), strobe->low + int(byte), false);
            channel.put(cycle, data, place == beats - 1);
        }
        part("b").answer->expect(first->stall, 1);
    }
    void request(std::string_view name, int64_t cycle, const Words& values, size_t beats) {
        RequestChannel& channel = *part(name).request;
        Words text = payload(channel.fields, values);
        Word length[2] = {Word(beats - 1), 0};
        if (const Field* field = find(channel.fields, "len")) set_bits(text.data(), field->low, field->bits, length);
        channel.put(cycle, text, true);
    }
};

inline const Register<AxiDriver> axi_driver("axi");

}  // namespace dv
