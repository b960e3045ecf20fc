// The Verilated model, behind an interface that does not depend on the design, so that all else is compiled only once.
#pragma once
#include <memory>

#include "bits.hpp"

namespace dv {

class Model {
   public:
    int64_t errors = 0;  // that the RTL has reported, by $error or an assertion; the test goes on after them

    virtual ~Model() = default;
    // Sets the drive vector that holds after the next rising edge.
    virtual void drive(const Word* words) = 0;
    // Whether the RTL has ended the simulation.
    virtual bool finished() = 0;
    // One clock cycle; returns whether the RTL ended the simulation in it.
    virtual bool step() = 0;
    // The sample vector, as it is just before the next rising edge. Valid until the next step.
    virtual const Word* sample() = 0;
};

// A model at power-up, in reset. fill: what registers without an initial value hold: 0: zeros, 1: ones, else random
// values, of which each number gives others.
std::unique_ptr<Model> new_model(int fill);

// Which copy of the design, of several in one program; set before the first model is made.
extern int chosen_copy;

}  // namespace dv
