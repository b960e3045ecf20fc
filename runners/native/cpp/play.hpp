// Plays one test cycle by cycle: plan the drives, step, sample, detect the end. As runners/cocotb/play.py.
#pragma once
#include <functional>

#include "drivers.inc"
#include "model.hpp"

namespace dv {

struct Outcome {
    const char* end;
    std::vector<std::unique_ptr<Driver>> drivers;  // the last one is that of reset
    std::vector<std::string> tracks;
    int64_t released;
};

// Takes one sample; the number of cycles recorded before is given too.
using Record = std::function<void(const Word* sample, int64_t cycle)>;

class Bench {
   public:
    explicit Bench(Json::Value layout) : layout_(layout) {
        board_.sample_width = int(layout["sample_width"].integer());
        for (Json::Value one = layout["monitors"].first(); one; one = one.next()) {
            Json::Value valid = one.first().next(), ready = valid.next();
            board_.streams.emplace_back(one.first().text());
            monitors_.push_back({board_.place(valid), ready.is_null() ? -1 : board_.place(ready)});
        }
    }

    template <class Recorder>
    Outcome play(Json::Value program, Model& model, Recorder&& record) {
        begin(program);
        int64_t quiet = 0, released = 0;
        bool was_pulse = false, given_up = false, low = true;
        const char* end = "cycle_limit";
        size_t ports = drivers_.size() - 1;
        Driver& reset = *drivers_.back();
        Word* drive = drive_.data();
        model.drive(drive);
        // The design powers up in reset, and the first edge comes after the first sample event.
        for (int64_t cycle = 1; cycle < layout_["reset_cycles"].integer(); cycle++) finish_if(model.step());
        const int64_t cycles = program["max_cycles"].integer(), limit = layout_["quiet_cycles"].integer();
        for (int64_t cycle = 0; cycle < cycles; cycle++) {
            board_.cycle = cycle;
            const bool pulse = bit(reset.plan(), 0);
            bool changed = false;
            if (pulse && !was_pulse)
                for (size_t port = 0; port < ports; port++) drivers_[port]->reset();
            if (pulse) {
                if (!low) {
                    changed = show_reset();
                    low = true;
                }
            } else {
                if (low) changed = set_bits(drive, reset_place_, 1, reset.while_reset());
                low = false;
                for (size_t port = 0; port < ports; port++) {
                    const Word* words = drivers_[port]->plan();
                    if (words == shown_[port]) continue;
                    shown_[port] = words;
                    changed |= set_bits(drive, places_[port], drivers_[port]->width(), words);
                }
            }
            was_pulse = pulse;
            if (changed) {
                model.drive(drive);
                given_up = false;
            }
            finish_if(model.step());
            board_.sample = model.sample();
            record(board_.sample, cycle);
            if (pulse || saw_transfer()) {
                quiet = 0, given_up = false;
                continue;
            }
            if (any(State::Timed)) {
                quiet = 0;
                continue;
            }
            if (++quiet < limit && !given_up) continue;
            if (int64_t waiting = let_go()) {
                // Nothing can change any more, so these waits would never end: a fault of the test, not of the design.
                released += waiting, quiet = 0, given_up = true;
                continue;
            }
            if (quiet < limit) continue;
            end = any(State::Offering) ? "deadlock" : "drained";
            break;
        }
        return {end, std::move(drivers_), std::move(tracks_), released};
    }

   private:
    struct Monitor {
        int valid, ready;
    };
    Json::Value layout_;
    Board board_;
    std::vector<Monitor> monitors_;
    std::vector<std::unique_ptr<Driver>> drivers_;
    std::vector<std::string> tracks_;
    std::vector<int> places_;           // the lowest bit of each piece in the drive vector
    std::vector<const Word*> shown_;    // what is in the drive vector
    Words drive_;
    int reset_place_ = 0;

    // The RTL called $finish: the process ends, as a simulator does, and that is the result.
    static void finish_if(bool finished) {
        if (finished) throw Finished();
    }

   public:
    struct Finished {};

   private:
    void begin(Json::Value program) {
        size_t streams = board_.streams.size();
        board_.cycle = 0, board_.sample = nullptr;
        board_.counts.assign(streams, 0), board_.fired.assign(streams, -2), board_.claims.assign(streams, nullptr);
        drivers_.clear(), tracks_.clear(), places_.clear(), shown_.clear();
        for (Json::Value port = layout_["ports"].first(); port; port = port.next())
            add(makers().find(port["driver"].text())->second(port, board_), port["name"].text(), program);
        add(std::make_unique<ResetDriver>(board_), "reset", program);
        int place = 0;
        for (const auto& driver : drivers_) place += driver->width();
        drive_.assign(words_for(place), 0);
        reset_place_ = --place;
        for (size_t port = 0; port + 1 < drivers_.size(); port++) {
            places_.push_back(place -= drivers_[port]->width());
            shown_.push_back(drivers_[port]->while_reset());
        }
        set_bit(drive_.data(), reset_place_, true);
    }
    void add(std::unique_ptr<Driver> driver, std::string_view name, Json::Value program) {
        std::vector<Op> operations;
        for (Json::Value op = program["tracks"][name].first(); op; op = op.next()) operations.push_back(read(op));
        driver->load(std::move(operations));
        driver->memory(program["memories"][name]);
        drivers_.push_back(std::move(driver)), tracks_.emplace_back(name);
    }
    // The members of designs.program.Op in order.
    static Op read(Json::Value op) {
        Json::Value kind = op.first(), value = kind.next(), gap = value.next(), last = gap.next(), stall = last.next(),
                    port = stall.next(), strobes = port.next(), step = strobes.next();
        return {kind.text(), value.text(), value.integer(), gap.integer(), last.truth(), stall.integer(), port.text(),
                strobes, step.integer()};
    }
    bool show_reset() {
        bool changed = !bit(drive_.data(), reset_place_);
        set_bit(drive_.data(), reset_place_, true);
        for (size_t port = 0; port + 1 < drivers_.size(); port++) {
            shown_[port] = drivers_[port]->while_reset();
            changed |= set_bits(drive_.data(), places_[port], drivers_[port]->width(), shown_[port]);
        }
        return changed;
    }
    bool saw_transfer() {
        bool moved = false;
        for (size_t number = 0; number < monitors_.size(); number++) {
            const Monitor& one = monitors_[number];
            if (!bit(board_.sample, one.valid) || (one.ready >= 0 && !bit(board_.sample, one.ready))) continue;
            board_.counts[number]++;
            moved = true;
        }
        return moved;
    }
    bool any(State state) const {
        for (const auto& driver : drivers_)
            if (driver->state == state) return true;
        return false;
    }
    int64_t let_go() {
        int64_t waiting = 0;
        for (auto& driver : drivers_)
            if (driver->state == State::Waiting) driver->release = true, waiting++;
        return waiting;
    }
};

}  // namespace dv
