// The driver of an APB port: a setup cycle, then the access phase until the design is ready. As apb_driver.py.
// facts: item payload
#pragma once
#include "bus_parts.hpp"

namespace dv {

// Drives penable, the payload and psel, from the highest bit down.
class ApbDriver : public AccessDriver {
   public:
    ApbDriver(Json::Value port, Board& board)
        : AccessDriver(port, board, 2 + int(port["width"].integer())), stream_(board.stream(port["name"].text())),
          fields_(payload_fields(port["payload"])) {}

   protected:
    Steps access(const Op& op) override {
        if (op.gap) {
            state = State::Timed;
            co_yield Show{silent(), op.gap};
        }
        begun = 1;
        state = State::Offering;
        const Words values = payload(fields_, item(op));
        co_yield Show{text(values, false)};
        int64_t accepted = board.counts[stream_];
        const Word* enabled = text(values, true);
        while (board.counts[stream_] == accepted) co_yield Show{enabled};
        over();
    }

   private:
    size_t stream_;
    std::vector<Field> fields_;
    Words text_[2];

    const Word* text(const Words& values, bool enable) {
        Words& text = text_[enable];
        Writer writer(text, width());
        writer.put(enable), writer.put(values, width() - 2), writer.put(true);
        return text.data();
    }
};

inline const Register<ApbDriver> apb_driver("apb");

}  // namespace dv
