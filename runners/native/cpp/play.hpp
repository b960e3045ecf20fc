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

// One clock. Its drivers plan only after an edge of it, and repeat their pieces until the next one.
struct Domain {
    int place;  // of the bit of the sample that tells whether it rises; -1: it rises in every cycle
    Board board;
    bool due = true;      // whether it rose in the last step
    int64_t unreset = 0;  // edges that it still needs of the reset that is under way
};

class Bench {
   public:
    explicit Bench(Json::Value layout) : layout_(layout) {
        shared_.sample_width = int(layout["sample_width"].integer());
        reset_edges_ = layout["reset_edges"].integer();
        Json::Value clock = layout["monitor_clocks"].first();
        for (Json::Value one = layout["monitors"].first(); one; one = one.next(), clock = clock.next()) {
            Json::Value valid = one.first().next(), ready = valid.next();
            shared_.streams.emplace_back(one.first().text());
            monitors_.push_back({place(valid), ready.is_null() ? -1 : place(ready), size_t(clock.integer())});
        }
    }

    // The RTL called $finish.
    struct Finished {};

    // The recorder gets every row, and the cycles at whose ends the RTL had reported errors.
    template <class Recorder>
    Outcome play(Json::Value program, Model& model, Recorder&& recorder) {
        begin(program);
        int64_t quiet = 0, released = 0;
        bool was_pulse = false, given_up = false, low = true;
        const char* end = "cycle_limit";
        const size_t ports = drivers_.size() - 1;
        Driver& reset = *drivers_.back();
        Domain &main = domains_.front(), &slowest = domains_[size_t(layout_["slowest"].integer())];
        bool resetting = false;
        int64_t errors = model.errors;
        auto step = [&](int64_t cycle) {
            if (model.step()) throw Finished();
            if (model.errors == errors) return;
            errors = model.errors;
            recorder.reported(cycle - 1, errors);
        };
        Word* drive = drive_.data();
        model.drive(drive);
        // The design powers up in reset, and the first edge comes after the first sample event.
        for (int64_t cycle = 1 - layout_["reset_cycles"].integer(); cycle < 0; cycle++) step(cycle);
        const int64_t cycles = program["max_cycles"].integer(), limit = layout_["quiet_cycles"].integer();
        for (int64_t cycle = 0; cycle < cycles; cycle++) {
            for (Domain& one : domains_) one.board.row = cycle;
            if (main.due) resetting = bit(reset.plan(), 0);
            const bool pulse = resetting || holds_reset();
            bool changed = false;
            if (pulse && !was_pulse) {
                for (Domain& one : domains_) one.unreset = reset_edges_;
                for (size_t port = 0; port < ports; port++) drivers_[port]->reset();
            }
            if (pulse) {
                if (!low) changed = show_reset();
                low = true;
            } else {
                if (low) changed = set_bits(drive, reset_place_, 1, kLow);
                low = false;
                for (size_t port = 0; port < ports; port++) {
                    if (!domain_of_[port]->due) continue;
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
            step(cycle);
            const Word* sample = model.sample();
            take(sample);
            recorder.row(sample, cycle);
            if (pulse || saw_transfer(sample)) {
                quiet = 0, given_up = false;
                continue;
            }
            if (!slowest.due) continue;
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
            const bool stuck = any(State::Offering);
            // A level of the test, such as an enable that is low, may be what the design waits for.
            if (stuck && relax()) {
                quiet = 0;
                continue;
            }
            end = stuck ? "deadlock" : "drained";
            break;
        }
        return {end, std::move(drivers_), std::move(tracks_), released};
    }

    // The drive vectors of all cycles of a program: for playing it again without drivers.
    std::vector<Words> driven(Json::Value program, Model& model) {
        struct Drives {
            const Words& drive;
            std::vector<Words> all;
            void row(const Word*, int64_t) { all.push_back(drive); }
            void reported(int64_t, int64_t) {}
        } drives{drive_, {}};
        play(program, model, drives);
        return std::move(drives.all);
    }

   private:
    static constexpr Word kLow[2] = {0, 0};
    struct Monitor {
        int valid, ready;
        size_t clock;
    };
    Json::Value layout_;
    Shared shared_;
    bool several_ = false;
    int64_t reset_edges_ = 0;  // of every clock; 0 with one clock
    std::vector<Monitor> monitors_;
    std::vector<Domain> domains_;
    std::vector<std::unique_ptr<Driver>> drivers_;
    std::vector<Domain*> domain_of_;
    std::vector<std::string> tracks_;
    std::vector<int> places_;         // the lowest bit of each piece in the drive vector
    std::vector<const Word*> shown_;  // what is in the drive vector
    Words drive_;
    int reset_place_ = 0;

    int place(Json::Value index) const { return shared_.sample_width - 1 - int(index.integer()); }
    void begin(Json::Value program) {
        shared_.begin();
        domains_.clear(), drivers_.clear(), domain_of_.clear(), tracks_.clear(), places_.clear(), shown_.clear();
        for (Json::Value rises = layout_["rises"].first(); rises; rises = rises.next())
            domains_.push_back({place(rises), Board(shared_)});
        several_ = !domains_.empty();
        if (!several_) domains_.push_back({-1, Board(shared_)});
        for (Json::Value port = layout_["ports"].first(); port; port = port.next()) {
            Domain& domain = domains_[size_t(port["clock"].integer())];
            domain_of_.push_back(&domain);
            add(makers().find(port["driver"].text())->second(port, domain.board), port["name"].text(), program);
        }
        add(std::make_unique<ResetDriver>(domains_.front().board), "reset", program);
        int place = 0;
        for (const auto& driver : drivers_) place += driver->width();
        drive_.assign(words_for(place), 0);
        reset_place_ = --place;
        for (size_t port = 0; port + 1 < drivers_.size(); port++) {
            places_.push_back(place -= drivers_[port]->width());
            shown_.push_back(nullptr);
        }
        show_reset();
    }
    void add(std::unique_ptr<Driver> driver, std::string_view name, Json::Value program) {
        driver->load(operations_of(program["tracks"][name]));
        driver->memory(program["memories"][name]);
        drivers_.push_back(std::move(driver)), tracks_.emplace_back(name);
    }
    // One member of all operations of a track; a list with one entry stands for all of them.
    struct Column {
        Json::Value at;
        bool same;
        explicit Column(Json::Value list) : at(list.first()), same(list.count() == 1) {}
        Json::Value take() {
            Json::Value one = at;
            if (!same) at = at.next();
            return one;
        }
    };
    // Their number, and the members of designs.program.Op in order: see runners/plain_program.py.
    static std::vector<Op> operations_of(Json::Value track) {
        std::vector<Op> operations;
        Json::Value count = track.first(), list = count;
        int64_t left = count.integer();
        operations.reserve(size_t(left));
        Column kind(list = list.next()), value(list = list.next()), gap(list = list.next()), last(list = list.next()),
            stall(list = list.next()), port(list = list.next()), strobes(list = list.next()), step(list.next());
        for (; left > 0; left--) {
            Json::Value number = value.take();
            operations.push_back({kind.take().text(), number.text(), number.integer(), gap.take().integer(),
                                  last.take().truth(), stall.take().integer(), port.take().text(), strobes.take(),
                                  step.take().integer()});
        }
        return operations;
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
    // Whether a clock has not risen often enough since the last reset began.
    bool holds_reset() const {
        if (several_)
            for (const Domain& one : domains_)
                if (one.unreset > 0) return true;
        return false;
    }
    void take(const Word* sample) {
        for (Domain& one : domains_) {
            one.due = one.place < 0 || bit(sample, one.place);
            one.board.sample = sample;
            if (!one.due) continue;
            one.board.cycle++;
            if (one.unreset > 0) one.unreset--;
        }
    }
    bool saw_transfer(const Word* sample) {
        bool moved = false;
        for (size_t number = 0; number < monitors_.size(); number++) {
            const Monitor& one = monitors_[number];
            if (!bit(sample, one.valid) || (one.ready >= 0 && !bit(sample, one.ready))) continue;
            if (!domains_[one.clock].due) continue;
            shared_.counts[number]++;
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
    bool relax() {
        bool changed = false;
        for (auto& driver : drivers_) changed |= driver->relax();
        return changed;
    }
};

}  // namespace dv
