// The base of all drivers. Each plays the track of one port, cycle by cycle, exactly as its Python counterpart does in
// runners/cocotb; what holds for every driver is said there, in drivers.py.
//
// An operation is a coroutine: `co_yield Show{words, cycles}` holds the driver's piece of the drive vector for so many
// cycles. When it goes on, the board shows what the monitors saw in the cycle before.
#pragma once
#include <coroutine>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bits.hpp"
#include "json.hpp"

namespace dv {

enum class State { Ended, Timed, Offering, Waiting };

struct Op {
    std::string_view kind, digits;
    int64_t value, gap;
    bool last;
    int64_t stall;
    std::string_view port;
    Json::Value strobes;
    int64_t step;
};

// What all drivers of a test share, by the number of a stream.
struct Shared {
    std::vector<std::string> streams;
    std::vector<int64_t> counts;      // accepted transfers since the test began
    std::vector<int64_t> fired;       // the last cycle in which a write that a beat carried happened
    std::vector<const void*> claims;  // the driver that offers a beat with a write on it
    int sample_width = 0;

    void begin() {
        counts.assign(streams.size(), 0), fired.assign(streams.size(), -2), claims.assign(streams.size(), nullptr);
    }
};

// What the drivers of one clock see: `row` is the cycle of the trace, `cycle` counts the edges of their clock.
struct Board {
    const std::vector<std::string>& streams;
    std::vector<int64_t>&counts, &fired;
    std::vector<const void*>& claims;
    const int sample_width;
    int64_t row = 0, cycle = 0;
    const Word* sample = nullptr;

    explicit Board(Shared& all)
        : streams(all.streams), counts(all.counts), fired(all.fired), claims(all.claims),
          sample_width(all.sample_width) {}

    size_t stream(std::string_view name) const {
        for (size_t number = 0; number < streams.size(); number++)
            if (streams[number] == name) return number;
        throw std::runtime_error("no stream " + std::string(name));
    }
    // The place of a bit in the sample vector, from its index in the text, whose first character is the highest bit.
    int place(Json::Value index) const { return sample_width - 1 - int(index.integer()); }
};

// Must not change while they are shown: equal pointers are taken as equal values.
struct Show {
    const Word* words;
    int64_t cycles = 1;
};

// Frames of coroutines, kept for the next one of the same size: a new one begins with every operation.
class Frames {
   public:
    static void* take(size_t size) {
        auto& kept = of(size);
        if (size > kLargest || kept.empty()) return ::operator new(rounded(size));
        void* frame = kept.back();
        kept.pop_back();
        return frame;
    }
    static void give(void* frame, size_t size) {
        if (size > kLargest) return ::operator delete(frame);
        of(size).push_back(frame);
    }

   private:
    static constexpr size_t kLargest = 1024, kStep = 64;
    static size_t rounded(size_t size) { return (size + kStep - 1) / kStep * kStep; }
    static std::vector<void*>& of(size_t size) {
        static std::vector<void*> kept[kLargest / kStep + 1];
        return kept[size > kLargest ? 0 : rounded(size) / kStep];
    }
};

class Steps {
   public:
    struct promise_type {
        static void* operator new(size_t size) { return Frames::take(size); }
        static void operator delete(void* frame, size_t size) { Frames::give(frame, size); }
        Show shown{nullptr};
        Steps get_return_object() { return Steps(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(Show show) noexcept {
            shown = show;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    Steps() = default;
    explicit Steps(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Steps(Steps&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Steps& operator=(Steps&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Steps() {
        if (handle_) handle_.destroy();
    }
    explicit operator bool() const { return bool(handle_); }
    // Goes on to the next yield; returns whether there was one.
    bool resume() {
        handle_.resume();
        return !handle_.done();
    }
    const Show& shown() const { return handle_.promise().shown; }

   private:
    std::coroutine_handle<promise_type> handle_;
};

class Driver {
   public:
    State state = State::Ended;
    bool release = false;  // set by the caller to end a wait whose condition cannot become true
    std::vector<std::pair<int64_t, int64_t>> starts;  // from that cycle on, that step was played

    // width: of its piece of the drive vector; silent: what it shows while it has nothing to do.
    Driver(Board& board, int width, bool silent = false)
        : board(board), low(words_for(width), 0), high(words_for(width), 0), width_(width) {
        high[0] = 1;
        silent_ = at_rest_ = silent ? high.data() : low.data();
    }
    virtual ~Driver() = default;
    Driver(const Driver&) = delete;

    int width() const { return width_; }
    const Word* while_reset() const { return low.data(); }
    void load(std::vector<Op> operations) { operations_ = std::move(operations); }
    virtual void memory(Json::Value) {}
    // The piece for the cycle that the board shows; called once a cycle.
    virtual const Word* plan() { return advance(); }
    // The cycle being planned is the first one of a reset pulse.
    virtual void reset() {}
    // Stops demanding what a test set for good, because nothing moves any more; returns whether anything changes.
    virtual bool relax() { return false; }

   protected:
    Board& board;
    Words low;
    Words high;  // one bit: a ready or a reset that is active
    size_t index = 0;

    virtual Steps play(const Op& op) { return wait(op); }
    const Word* silent() const { return silent_; }
    // From now on, the driver shows these words while it has nothing to do.
    void keep(Words words) {
        turn_ = (turn_ + 1) % 4;
        kept_[turn_] = std::move(words);
        silent_ = kept_[turn_].data();
    }
    void forget() { silent_ = at_rest_; }
    const std::vector<Op>& operations() const { return operations_; }
    // Begins the operation at `index` from its start, instead of the current one.
    void restart() { current_ = Steps(), left_ = 0; }

    // The number of an operation as words; bits that do not fit into `width` are cut off.
    static void number(const Op& op, int width, Words& out) {
        if (op.digits.size() > kPlainDigits) return decimal(op.digits, width, out);
        out.assign(words_for(width), 0);
        uint64_t value = uint64_t(op.value);
        if (width < 64) value &= (uint64_t(1) << width) - 1;
        out[0] = Word(value);
        if (width > 32) out[1] = Word(value >> 32);
    }
    const Word* advance() {
        if (left_ > 0) {
            left_--;
            return shown_;
        }
        while (true) {
            if (current_) {
                if (current_.resume()) {
                    shown_ = current_.shown().words, left_ = current_.shown().cycles - 1;
                    return shown_;
                }
                current_ = Steps(), index++;
            }
            if (index >= operations_.size()) {
                state = State::Ended;
                return shown_ = silent();
            }
            const Op& op = operations_[index];
            if (starts.empty() || starts.back().second != op.step) starts.emplace_back(board.row, op.step);
            current_ = play(op);
        }
    }
    Steps hold(int64_t cycles, const Word* words) {
        state = State::Timed;
        if (cycles > 0) co_yield Show{words, cycles};
    }
    Steps wait(const Op& op) {
        if (op.kind == "after") return after(board.stream(op.port), op.value, op.stall);
        if (op.kind == "at") return at(op.value, op.stall);
        return hold(op.value, silent());
    }

   private:
    const Word *silent_, *at_rest_;
    Words kept_[4];  // more than can be set between two looks at them
    int turn_ = 0;
    int width_;
    std::vector<Op> operations_;
    Steps current_;
    const Word* shown_ = nullptr;
    int64_t left_ = 0;

    // A wait with a stall holds ready low.
    Steps after(size_t stream, int64_t transfers, bool stalled) {
        state = State::Waiting, release = false;
        while (board.counts[stream] < transfers && !release) co_yield Show{stalled ? low.data() : silent()};
    }
    Steps at(int64_t cycle, bool stalled) {
        state = State::Timed;
        while (board.cycle < cycle) co_yield Show{stalled ? low.data() : silent()};
    }
};

// Kinds of drivers by name; the file of each registers it.
using Maker = std::function<std::unique_ptr<Driver>(Json::Value port, Board& board)>;
inline std::map<std::string, Maker, std::less<>>& makers() {
    static std::map<std::string, Maker, std::less<>> known;
    return known;
}
template <class Kind>
struct Register {
    explicit Register(const char* name) {
        makers()[name] = [](Json::Value port, Board& board) { return std::make_unique<Kind>(port, board); };
    }
};

class ResetDriver : public Driver {
   public:
    explicit ResetDriver(Board& board) : Driver(board, 1) {}

   protected:
    Steps play(const Op& op) override { return op.kind == "pulse" ? hold(op.value, high.data()) : wait(op); }
};

}  // namespace dv
