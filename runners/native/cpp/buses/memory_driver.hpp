// The driver of a memory port: takes requests, answers them from test memory, and writes into it. As memory_driver.py.
// facts: payload answer writes answers_writes reads word step
#pragma once
#include "bus_parts.hpp"

namespace dv {

// A memory whose word comes with ready, in the next cycle, or with rvalid.
class MemoryDriver : public Driver {
   public:
    MemoryDriver(Json::Value port, Board& board)
        : Driver(board, width_of(port), true), request_(board.stream(std::string(port["name"].text()) + ".request")),
          valid_(board.place(port["request"]["valid"])), has_ready_(ready_of(port)),
          fields_(sampled_fields(port["payload"], port["request"]["fields"], board.sample_width)),
          mode_(mode_of(port)), writes_(port["writes"].text()), answers_writes_(port["answers_writes"].truth()),
          reads_(port["reads"].truth()), bits_(int(port["word"].integer())),
          memory_(bits_, uint64_t(port["step"].integer())), word_(words_for(bits_), 0) {}

    void memory(Json::Value words) override { memory_.load(words); }
    void reset() override {
        note();
        owed_.clear();
        took_ = false;
    }
    const Word* plan() override {
        note();
        state = request_state_;
        bool willing = bit(advance(), 0);
        request_state_ = state;
        Writer writer(composed_.next, width());
        if (mode_ == Mode::WithReady) {
            if (willing && asking()) {
                state = State::Timed;
                writer.put(true);
                if (reads_) writer.put(memory_.at(address()), bits_);
            }
            return composed_.shown();
        }
        if (has_ready_) writer.put(willing);
        if (mode_ == Mode::Next)
            writer.put(word_, word_bits());
        else
            respond(writer);
        return composed_.shown();
    }

   protected:
    Steps play(const Op& op) override { return op.kind == "serve" ? serve(op) : wait(op); }

   private:
    enum class Mode { WithReady, Next, Valid };
    size_t request_;
    int valid_;
    bool has_ready_;
    std::vector<Field> fields_;
    Mode mode_;
    std::string_view writes_;
    bool answers_writes_, reads_;
    int bits_;
    TestMemory memory_;
    Words word_;
    std::deque<std::pair<int64_t, Words>> owed_;  // the earliest cycle of an answer, and its word
    int64_t taken_ = 0, latency_ = 0;
    bool took_ = false;
    State request_state_ = State::Ended;
    Composed composed_;

    static Mode mode_of(Json::Value port) {
        std::string_view mode = port["answer"].text();
        return mode == "with_ready" ? Mode::WithReady : mode == "next" ? Mode::Next : Mode::Valid;
    }
    static bool ready_of(Json::Value port) { return !port["request"]["ready"].is_null(); }
    static int width_of(Json::Value port) {
        int word = port["reads"].truth() ? int(port["word"].integer()) : 0;
        return ready_of(port) + word + (mode_of(port) == Mode::Valid);
    }
    int word_bits() const { return reads_ ? bits_ : 0; }
    // Whether the cycle before showed a request that was not taken in it.
    bool asking() const { return board.sample && bit(board.sample, valid_) && !took_; }
    uint64_t address() const {
        const Field* field = find(fields_, "addr");
        return field ? get_bits(board.sample, field->low, field->bits) : 0;
    }
    bool is_set(std::string_view name) const {
        const Field* field = find(fields_, name);
        for (int place = 0; field && place < field->bits; place++)
            if (bit(board.sample, field->low + place)) return true;
        return false;
    }
    // Does what the request asks that was taken in the cycle before.
    void note() {
        took_ = board.counts[request_] > taken_;
        if (!took_) return;
        taken_++;
        bool write = writes_.empty() ? !reads_ : is_set(writes_);
        if (write)
            write_word();
        else if (reads_)
            word_ = memory_.at(address());
        if (mode_ == Mode::Valid && (answers_writes_ || !write)) owed_.emplace_back(board.cycle + latency_, word_);
    }
    void write_word() {
        const Field *data = find(fields_, "data"), *strobe = find(fields_, "strb");
        if (!data) return;
        Words value, strobes;
        take_bits(board.sample, data->low, data->bits, value);
        value.resize(std::max(value.size(), words_for(bits_)), 0);
        if (strobe) take_bits(board.sample, strobe->low, strobe->bits, strobes);
        memory_.write(address(), value, strobe ? &strobes : nullptr);
    }
    void respond(Writer& writer) {
        if (owed_.empty()) return;
        state = State::Timed;
        if (owed_.front().first > board.cycle) return;
        writer.put(true), writer.put(owed_.front().second, word_bits());
        owed_.pop_front();
    }
    Steps serve(const Op& op) {
        // With the word in the cycle of ready, there is no later one: a latency is a longer stall.
        const bool tied = mode_ == Mode::WithReady;
        latency_ = tied ? 0 : op.gap;
        for (int64_t number = 0; number < op.value; number++) {
            state = State::Ended;
            int64_t left = op.stall + (tied ? op.gap : 0);
            // The cycle in which such a request is first seen is no stall: it cannot be answered in it.
            left += tied && left > 0;
            while (left && has_ready_) {
                co_yield Show{low.data()};
                // A request withdrawn, as by a reset, may never return: only with one does the stall end by itself.
                const bool seen = asking();
                state = seen ? State::Timed : State::Ended;
                left -= seen;
            }
            state = State::Ended;
            const int64_t taken = taken_;
            while (taken_ == taken) co_yield Show{high.data()};
        }
        latency_ = 0;
    }
};

inline const Register<MemoryDriver> memory_driver("memory");

}  // namespace dv
