// The driver of a source: offers beats, holds them until accepted, and handles a reset within a packet. As
// source_driver.py.
// facts: hold ones
#pragma once
#include "driver.hpp"

namespace dv {

class SourceDriver : public Driver {
   public:
    SourceDriver(Json::Value port, Board& board)
        : Driver(board, width_of(port)), stream_(board.stream(port["name"].text())),
          payload_(int(port["width"].integer())), has_last_(port["last"].truth()),
          holds_(port["hold"].truth()) {
        for (Json::Value one = port["attached"].first(); one; one = one.next())
            attached_.push_back({board.stream(one.first().text()), int(one.first().next().integer()), 0});
        for (size_t number = attached_.size(); number-- > 0;) {
            attached_[number].low = riding_;
            riding_ += 1 + attached_[number].width;
        }
        rest_.assign(words_for(width()), 0);
        for (int place = 0; place < payload_ + int(has_last_); place++)
            set_bit(rest_.data(), riding_ + place, port["ones"].truth());
        keep(rest_);
    }

    void reset() override {
        if (index < operations().size()) settle(operations()[index]);
        for (; mid_packet_ && index < operations().size(); index++) {
            const Op& op = operations()[index];
            mid_packet_ = !(op.kind == "send" && op.last);
        }
        mid_packet_ = false;
        keep(rest_);
        restart();
    }

   protected:
    Steps play(const Op& op) override { return op.kind == "send" ? send(op) : wait(op); }

   private:
    struct Attached {
        size_t stream;
        int width, low;
    };
    size_t stream_;
    int payload_, riding_ = 0;
    bool has_last_, holds_;
    std::vector<Attached> attached_;
    bool mid_packet_ = false;
    int64_t offered_at_ = -1;  // accepted transfers when the current beat was first offered
    Words text_[2], part_, rest_;
    bool turn_ = false;

    static int width_of(Json::Value port) {
        int width = 1 + int(port["last"].truth()) + int(port["width"].integer());
        for (Json::Value one = port["attached"].first(); one; one = one.next())
            width += 1 + int(one.first().next().integer());
        return width;
    }
    Steps send(const Op& op) {
        if (op.gap) {
            state = State::Timed;
            co_yield Show{silent(), op.gap};
        }
        state = State::Offering;
        bool carries = bool(op.strobes.first());
        if (carries) {
            while (claimed_by_another(op)) co_yield Show{silent()};
            for (Json::Value one = op.strobes.first(); one; one = one.next())
                board.claims[board.stream(one.first().text())] = this;
        }
        const Word* text = text_of(op);
        int64_t offered_at = offered_at_ = board.counts[stream_];
        while (board.counts[stream_] == offered_at) co_yield Show{text};
        finish(op, true);
    }
    // The beat may have been accepted in the last cycle before the reset, which the coroutine has not seen yet.
    void settle(const Op& op) {
        bool accepted = offered_at_ >= 0 && board.counts[stream_] > offered_at_;
        finish(op, accepted);
        index += accepted;
    }
    bool claimed_by_another(const Op& op) const {
        for (Json::Value one = op.strobes.first(); one; one = one.next()) {
            const void* owner = board.claims[board.stream(one.first().text())];
            if (owner && owner != this) return true;
        }
        return false;
    }
    void finish(const Op& op, bool accepted) {
        for (const void*& owner : board.claims)
            if (owner == this) owner = nullptr;
        if (accepted) {
            mid_packet_ = !op.last;
            if (holds_) {
                Words kept(words_for(width()), 0);
                number(op, payload_, part_);
                set_bits(kept.data(), riding_, payload_, part_.data());
                if (has_last_) set_bit(kept.data(), riding_ + payload_, op.last);
                keep(std::move(kept));
            }
            for (Json::Value one = op.strobes.first(); one; one = one.next())
                board.fired[board.stream(one.first().text())] = board.cycle - 1;
        }
        offered_at_ = -1;
    }
    const Word* text_of(const Op& op) {
        Words& text = text_[turn_ = !turn_];
        text.assign(words_for(width()), 0);
        number(op, payload_, part_);
        set_bits(text.data(), riding_, payload_, part_.data());
        int top = riding_ + payload_;
        if (has_last_) set_bit(text.data(), top++, op.last);
        set_bit(text.data(), top, true);
        for (Json::Value one = op.strobes.first(); one; one = one.next()) {
            Json::Value name = one.first();
            size_t stream = board.stream(name.text());
            for (const Attached& rider : attached_) {
                if (rider.stream != stream) continue;
                decimal(name.next().text(), rider.width + 1, part_);
                set_bit(part_.data(), rider.width, true);
                set_bits(text.data(), rider.low, rider.width + 1, part_.data());
            }
        }
        return text.data();
    }
};

inline const Register<SourceDriver> source_driver("source");

}  // namespace dv
