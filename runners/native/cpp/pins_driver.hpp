// The driver of pins: holds the levels that were set last. As pins_driver.py.
// facts: rest
#pragma once
#include "driver.hpp"

namespace dv {

class PinsDriver : public Driver {
   public:
    PinsDriver(Json::Value port, Board& board) : Driver(board, int(port["rest"].text().size())) {
        std::string_view text = port["rest"].text();
        for (size_t place = 0; place < text.size(); place++)
            if (text[place] == '1') set_bit(low.data(), int(text.size() - 1 - place), true);
        rest_ = low;
    }
    bool relax() override {
        bool changed = false;
        for (int place = 0; place < width(); place++) changed |= bit(silent(), place) != bit(rest_.data(), place);
        keep(rest_);
        return changed;
    }

   protected:
    Steps play(const Op& op) override { return op.kind == "set" ? set(op) : wait(op); }

   private:
    Words rest_;

    Steps set(const Op& op) {
        state = State::Timed;
        if (op.gap > 0) co_yield Show{silent(), op.gap};
        Words levels;
        number(op, width(), levels);
        keep(std::move(levels));
        state = State::Timed;
        co_yield Show{silent(), 1 + op.stall};
    }
};

inline const Register<PinsDriver> pins_driver("pins");

}  // namespace dv
