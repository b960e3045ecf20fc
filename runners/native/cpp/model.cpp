// The part of the worker that depends on the design: its Verilated model, and the types of its two vectors.
#include "model.hpp"

#include "Vtop.h"
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

class Verilation final : public Model {
   public:
    explicit Verilation(int fill) : context_(fill), top_(&context_, "dv") {
        // Times in the precision of the design, which is a power of ten.
        double units = kPeriodNs / 2;
        for (int power = context_.timeprecision(); power < -9; power++) units *= 10;
        half_ = uint64_t(units);
        top_.clock = 0;
        top_.eval();
    }
    ~Verilation() override { top_.final(); }
    bool finished() override { return context_.gotFinish(); }
    void drive(const Word* words) override { put(top_.drive_next, words); }
    bool step() override {
        context_.timeInc(half_);
        top_.clock = 1;
        top_.eval();
        if (context_.gotFinish()) return true;
        context_.timeInc(half_);
        top_.clock = 0;
        top_.eval();
        return context_.gotFinish();
    }
    const Word* sample() override { return get(top_.sample, room_); }

   private:
    // Made before the model, whose constructor draws the power-up state.
    struct Context : VerilatedContext {
        explicit Context(int fill) {
            threads(1);
            randReset(fill < 2 ? fill : 2);
            randSeed(fill < 2 ? 1 : fill);
        }
    };
    Context context_;
    Vtop top_;
    uint64_t half_ = 1;
    Word room_[2];
};

}  // namespace

std::unique_ptr<Model> new_model(int fill) { return std::make_unique<Verilation>(fill); }

}  // namespace dv
