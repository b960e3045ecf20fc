// The driver of Wishbone ports: classic cycles that last until the answer, and pipelined ones. As wishbone_driver.py.
// facts: item payload levels pipelined
#pragma once
#include "bus_parts.hpp"

namespace dv {

// Drives stb, the payload, and cyc with the constant signals. cyc is high with stb and as long as an answer is missing.
class WishboneDriver : public AccessDriver {
   public:
    WishboneDriver(Json::Value port, Board& board)
        : AccessDriver(port, board, width_of(port)), fields_(payload_fields(port["payload"])),
          levels_(payload_fields(port["levels"])), pipelined_(port["pipelined"].truth()) {
        std::string name(port["name"].text());
        request_ = board.stream(pipelined_ ? name + ".request" : name);
        response_ = pipelined_ ? board.stream(name + ".response") : 0;
    }
    void reset() override {
        AccessDriver::reset();
        before_reset_ += open();
    }
    const Word* plan() override {
        state = track_state_;
        const Word* request = advance();
        track_state_ = state;
        bool waiting = open() > 0, asking = request != silent();
        if (waiting && state == State::Ended) state = State::Offering;
        composed_.next.assign(request, request + words_for(width()));
        if (const Field* cyc = find(levels_, "cyc")) set_bit(composed_.next.data(), cyc->low, asking || waiting);
        return composed_.shown();
    }

   protected:
    Steps access(const Op& op) override {
        if (op.gap) {
            state = State::Timed;
            co_yield Show{silent(), op.gap};
        }
        begun = 1;
        const Words values = item(op);
        Writer writer(text_, width());
        writer.put(true), writer.put(payload(fields_, values), total_bits(fields_));
        state = State::Offering;
        int64_t accepted = board.counts[request_];
        while (board.counts[request_] == accepted) co_yield Show{text_.data()};
        const int64_t limit = value(values, "overlap") ? kMost - 1 : 0;
        while (open() > limit) co_yield Show{silent()};
        over();
    }

   private:
    static constexpr int64_t kMost = 8;  // pipelined requests without an answer at one time
    std::vector<Field> fields_, levels_;
    bool pipelined_;
    size_t request_, response_;
    int64_t before_reset_ = 0;
    State track_state_ = State::Ended;
    Words text_;
    Composed composed_;

    static int width_of(Json::Value port) {
        return 1 + total_bits(payload_fields(port["payload"])) + total_bits(payload_fields(port["levels"]));
    }
    // Requests without an answer; a classic cycle has its answer with its request.
    int64_t open() const {
        return pipelined_ ? board.counts[request_] - board.counts[response_] - before_reset_ : 0;
    }
};

inline const Register<WishboneDriver> wishbone_driver("wishbone");

}  // namespace dv
