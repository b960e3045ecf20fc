// The part of the worker that depends on the design: its Verilated model, the types of its two vectors, and its clocks.
#include "model.hpp"

#ifndef DV_TOP  // of several copies in one program each has another
#define DV_TOP "Vtop.h"
#endif
#include DV_TOP
#include "design.inc"
#include "verilated.h"

double sc_time_stamp() { return 0; }

namespace dv {
namespace {

template <class Pins>
void put(Pins& pins, const Word* words) {
    uint64_t value = words[0];
    if constexpr (sizeof(Pins) > 4) value |= uint64_t(words[1]) << 32;
    pins = Pins(value);
}
template <std::size_t N>
void put(VlWide<N>& pins, const Word* words) {
    for (std::size_t place = 0; place < N; place++) pins[place] = words[place];
}
template <class Pins>
const Word* get(const Pins& pins, Word* room) {
    uint64_t value = pins;
    room[0] = Word(value), room[1] = Word(value >> 32);
    return room;
}
template <std::size_t N>
const Word* get(const VlWide<N>& pins, Word*) {
    return pins.data();
}

// Times are in half nanoseconds, in which every edge of a clock of whole nanoseconds falls.
class Verilation final : public Model {
   public:
    explicit Verilation(int fill) : context_(fill), top_(&context_, "") {
        for (int power = context_.timeprecision(); power < -9; power++) scale_ *= 10;
        top_.clock = 0;
        choose_step();
        top_.eval();
        errors = context_.errorCount();
    }
    ~Verilation() override { top_.final(); }
    bool finished() override { return context_.gotFinish(); }
    void drive(const Word* words) override { put(top_.drive_next, words); }
    bool step() override {
        if constexpr (kClocks > 1) {
            rise();
        } else {
            advance(kPeriods[0]);
            top_.clock = 1;
            top_.eval();
            if (context_.gotFinish()) return true;
            advance(kPeriods[0]);
        }
        top_.clock = 0;
        top_.eval();
        errors = context_.errorCount();
        return context_.gotFinish();
    }
    const Word* sample() override { return get(top_.sample, room_); }

   private:
    // Made before the model, whose constructor draws the power-up state.
    struct Context : VerilatedContext {
        explicit Context(int fill) {
            threads(1);
            errorLimit(kErrorLimit);
            randReset(fill < 2 ? fill : 2);
            randSeed(fill < 2 ? 1 : fill);
        }
    };
    Context context_;
    Vtop top_;
    Word room_[2];
    uint64_t now_ = 0;
    double scale_ = 0.5;  // of a half nanosecond, in the precision of the design
    // Of each clock: when it rises and falls next. Only with several.
    uint64_t rises_[kClocks], falls_[kClocks], next_ = 0;
    unsigned high_ = 0;

    void advance(uint64_t halves) {
        now_ += halves;
        context_.time(uint64_t(double(now_) * scale_));
    }
    // Finds the next step, and tells the wrapper which clocks rise in it: the first one in the highest bit.
    void choose_step() {
#ifdef DV_CLOCKS
        if (!now_)
            for (int clock = 0; clock < kClocks; clock++) rises_[clock] = kFirst[clock], falls_[clock] = 0;
        next_ = rises_[0];
        for (int clock = 1; clock < kClocks; clock++) next_ = rises_[clock] < next_ ? rises_[clock] : next_;
        unsigned rising = 0;
        for (int clock = 0; clock < kClocks; clock++) rising = rising << 1 | (rises_[clock] == next_);
        top_.rises = rising;
#endif
    }
    // One step, and all that happens until the next: the falling edges, each at its time.
    void rise() {
#ifdef DV_CLOCKS
        advance(next_ - now_);
        for (int clock = 0; clock < kClocks; clock++) {
            if (falls_[clock] == now_) high_ &= ~(1u << clock);
            if (rises_[clock] != now_) continue;
            high_ |= 1u << clock;
            falls_[clock] = now_ + kPeriods[clock];
            rises_[clock] = now_ + 2 * kPeriods[clock];
        }
        top_.clocks = high_;
        top_.clock = 1;
        top_.eval();
        choose_step();
        while (!context_.gotFinish()) {
            uint64_t fall = next_;
            for (uint64_t one : falls_)
                if (one > now_ && one < fall) fall = one;
            if (fall == next_) break;
            advance(fall - now_);
            for (int clock = 0; clock < kClocks; clock++)
                if (falls_[clock] == now_) high_ &= ~(1u << clock);
            top_.clocks = high_;
            top_.eval();
        }
#endif
    }
};

}  // namespace

std::unique_ptr<Model> new_model(int fill) { return std::make_unique<Verilation>(fill); }

}  // namespace dv
