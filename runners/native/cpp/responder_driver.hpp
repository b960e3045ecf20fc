// The driver of a responder: accepts requests on one stream and answers them on another, from test memory. As
// responder_driver.py.
#pragma once
#include <deque>

#include "driver.hpp"

namespace dv {

class ResponderDriver : public Driver {
   public:
    ResponderDriver(Json::Value port, Board& board)
        : Driver(board, 1 + answer_width(port), true), name_(port["name"].text()),
          request_(board.stream(name_ + ".request")), response_(board.stream(name_ + ".response")),
          asking_(board.place(port["request"]["valid"])), answer_(answer_width(port)),
          has_last_(port["response"]["last"].truth()) {
        Json::Value field = port["request"]["fields"].first();
        int first = int(field.first().integer()), end = int(field.first().next().integer());
        address_ = board.sample_width - end, address_width_ = end - first;
        words_.emplace_back();
        words_[0].assign(words_for(width()), 0);
        frame(words_[0]);
    }

    void memory(Json::Value words) override {
        int payload = answer_ - 1 - has_last_;
        if (!words.first()) return;
        words_.clear();
        for (Json::Value one = words.first(); one; one = one.next()) {
            Words& word = words_.emplace_back();
            Words value;
            decimal(one.text(), payload, value);
            word.assign(words_for(width()), 0);
            set_bits(word.data(), 0, payload, value.data());
            frame(word);
        }
    }
    void reset() override {
        note_transfers();
        owed_.clear();
    }
    const Word* plan() override {
        note_transfers();
        state = request_state_;
        bool ready = bit(advance(), 0);
        request_state_ = state;
        const Word* answer = low.data();
        if (!owed_.empty()) {
            if (owed_.front().due > board.cycle) {
                state = State::Timed;
            } else {
                // A stall or a wait of the request side comes before an unaccepted response that counts as blocked.
                if (state == State::Ended) state = State::Offering;
                answer = owed_.front().word;
            }
        }
        if (ready == shown_ready_ && answer == shown_answer_) return text_[turn_].data();
        shown_ready_ = ready, shown_answer_ = answer, turn_ = !turn_;
        text_[turn_].assign(words_for(width()), 0);
        set_bits(text_[turn_].data(), 0, answer_, answer);
        set_bit(text_[turn_].data(), answer_, ready);
        return text_[turn_].data();
    }

   protected:
    Steps play(const Op& op) override { return op.kind == "serve" ? serve(op) : wait(op); }

   private:
    struct Owed {
        int64_t due;
        const Word* word;
    };
    std::string name_;
    size_t request_, response_;
    int asking_, answer_, address_ = 0, address_width_ = 0;
    bool has_last_;
    std::vector<Words> words_;
    std::deque<Owed> owed_;
    int64_t taken_ = 0, answered_ = 0;  // transfers of both streams that this driver has processed
    int64_t latency_ = 0;
    State request_state_ = State::Ended;
    Words text_[2];
    bool turn_ = false, shown_ready_ = false;
    const Word* shown_answer_ = nullptr;

    static int answer_width(Json::Value port) {
        Json::Value response = port["response"];
        return 1 + int(response["last"].truth()) + int(response["width"].integer());
    }
    void frame(Words& word) const {
        if (has_last_) set_bit(word.data(), answer_ - 2, true);
        set_bit(word.data(), answer_ - 1, true);
    }
    void note_transfers() {
        if (board.counts[response_] > answered_) {
            answered_++;
            owed_.pop_front();
        }
        if (board.counts[request_] > taken_) {
            taken_++;
            uint64_t address = get_bits(board.sample, address_, address_width_);
            owed_.push_back({board.cycle + latency_, words_[address % words_.size()].data()});
        }
    }
    Steps serve(const Op& op) {
        latency_ = op.gap;
        for (int64_t number = 0; number < op.value; number++) {
            state = State::Ended;
            for (int64_t left = op.stall; left;) {
                co_yield Show{low.data()};
                // A request withdrawn, as by a reset, may never return: only with one does the stall end by itself.
                bool asking = bit(board.sample, asking_);
                state = asking ? State::Timed : State::Ended;
                left -= asking;
            }
            state = State::Ended;
            int64_t taken = taken_;
            while (taken_ == taken) co_yield Show{high.data()};
        }
        latency_ = 0;
    }
};

inline const Register<ResponderDriver> responder_driver("responder");

}  // namespace dv
