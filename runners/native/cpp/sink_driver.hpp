// The driver of a sink: drives ready. As sink_driver.py.
#pragma once
#include "driver.hpp"

namespace dv {

class SinkDriver : public Driver {
   public:
    SinkDriver(Json::Value port, Board& board)
        : Driver(board, 1, true), stream_(board.stream(port["name"].text())) {}

   protected:
    Steps play(const Op& op) override {
        if (op.kind == "ready") return hold(op.value, high.data());
        if (op.kind == "stall") return hold(op.value, low.data());
        return op.kind == "accept" ? accept(op.value) : wait(op);
    }

   private:
    size_t stream_;

    Steps accept(int64_t transfers) {
        state = State::Ended;
        int64_t target = board.counts[stream_] + transfers;
        while (board.counts[stream_] < target) co_yield Show{high.data()};
    }
};

inline const Register<SinkDriver> sink_driver("sink");

}  // namespace dv
