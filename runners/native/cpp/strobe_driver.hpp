// The driver of a strobe: writes without ready, which yield to writes that a beat carries. As strobe_driver.py.
// facts: hold
#pragma once
#include "driver.hpp"

namespace dv {

class StrobeDriver : public Driver {
   public:
    StrobeDriver(Json::Value port, Board& board)
        : Driver(board, 1 + int(port["width"].integer())), stream_(board.stream(port["name"].text())),
          payload_(int(port["width"].integer())), holds_(port["hold"].truth()) {}

    void reset() override { forget(); }

   protected:
    Steps play(const Op& op) override { return op.kind == "write" ? write(op) : wait(op); }

   private:
    size_t stream_;
    int payload_;
    bool holds_;
    Words text_[2];
    bool turn_ = false;

    Steps write(const Op& op) {
        state = State::Timed;
        if (op.gap > 0) co_yield Show{silent(), op.gap};
        Words& text = text_[turn_ = !turn_];
        number(op, payload_ + 1, text);
        set_bit(text.data(), payload_, true);
        int64_t cycle;
        do {
            cycle = board.cycle;
            co_yield Show{text.data()};
            if (holds_) {
                Words kept = text;
                set_bit(kept.data(), payload_, false);
                keep(std::move(kept));
            }
        } while (board.fired[stream_] == cycle);
    }
};

inline const Register<StrobeDriver> strobe_driver("strobe");

}  // namespace dv
