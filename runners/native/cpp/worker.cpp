// The worker process: plays programs on the Verilated model, and speaks the same messages as the process of cocotb
// (runners/cocotb/framing.py): length-prefixed JSON on a socket, rows in shared memory.
//
// The first process never simulates. It forks a copy that plays the tests, each on a model of its own, and another one
// when that ends: by a $finish or a crash of the RTL, or by the limit of processor time, if a clock cycle does not end.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "play.hpp"

namespace dv {
namespace {

constexpr int kHeader = 64;           // bytes before the rows; the first 8 are the number of rows
constexpr int kTimerCycles = 256;
constexpr rlim_t kMostMemory = rlim_t(4) << 30;
constexpr uint32_t kMostMessage = 1u << 30;
constexpr int kTestsOfACopy = 1000;   // files that RTL opened are closed with its copy
constexpr int kFinished = 77;
constexpr int kMostPrinted = 1000;

// How far a copy is: in memory that it shares with the first process, which looks when the copy has ended.
enum class Stage : char { Waiting, Playing, Answering, Tired };

struct Config {
    int socket = -1, recording = -1;
    double hang_seconds = 5;
};

struct Closed {};

void read_exactly(int from, char* to, size_t count) {
    while (count) {
        ssize_t got = ::read(from, to, count);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw Closed();
        to += got, count -= size_t(got);
    }
}

std::string receive(int connection) {
    uint32_t length = 0;
    read_exactly(connection, reinterpret_cast<char*>(&length), sizeof length);
    if (length > kMostMessage) throw Closed();
    std::string body(length, '\0');
    read_exactly(connection, body.data(), length);
    return body;
}

void send(int connection, const std::string& body) {
    uint32_t length = uint32_t(body.size());
    std::string whole(reinterpret_cast<const char*>(&length), sizeof length);
    whole += body;
    for (size_t done = 0; done < whole.size();) {
        ssize_t sent = ::send(connection, whole.data() + done, whole.size() - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) throw Closed();
        done += size_t(sent);
    }
}

double now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

// Processor time, and for a number of cycles: a busy machine or a long test is no hang.
void limit_time(double seconds) {
    itimerval timer{};
    timer.it_value.tv_sec = time_t(seconds);
    timer.it_value.tv_usec = suseconds_t((seconds - double(timer.it_value.tv_sec)) * 1e6);
    setitimer(ITIMER_PROF, &timer, nullptr);
}

// The rows of a test, each in whole words, in memory shared with the parent: every cycle up to the one in which the RTL
// hangs or crashes is kept. The memory stays mapped from test to test, unless one needs more.
class Recording {
   public:
    explicit Recording(int file) : file_(file) {}
    Recording(const Recording&) = delete;

    void begin(size_t row, int64_t rows) {
        const size_t needed = kHeader + row * size_t(rows);
        if (needed > size_) map(needed);
        row_ = row, out_ = memory_ + kHeader, rows_ = 0;
    }
    void add(const void* row) {
        std::memcpy(out_, row, row_);
        out_ += row_, rows_++;
        std::memcpy(memory_, &rows_, sizeof rows_);
    }

   private:
    int file_;
    size_t size_ = 0, row_ = 0;
    char *memory_ = nullptr, *out_ = nullptr;
    int64_t rows_ = 0;

    void map(size_t size) {
        if (memory_) munmap(memory_, size_);
        memory_ = nullptr, size_ = 0;
        void* place = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
        if (place == MAP_FAILED) throw std::runtime_error("MemoryError: no room for the recording");
        memory_ = static_cast<char*>(place), size_ = size;
    }
};

// What one test records: its rows, and where in the output of the RTL each cycle with a report ended.
class RowsOfTest {
   public:
    RowsOfTest(Recording& recording, double hang_seconds) : recording_(recording), hang_seconds_(hang_seconds) {}
    void row(const Word* sample, int64_t cycle) {
        if (cycle % kTimerCycles == 0) limit_time(hang_seconds_);
        recording_.add(sample);
    }
    void reported(int64_t cycle, int64_t) {
        struct stat log;
        if (count_++ == kMostPrinted || fstat(STDOUT_FILENO, &log)) return;
        printed += (printed.empty() ? "[" : ",[") + std::to_string(cycle) + ',' + std::to_string(log.st_size) + ']';
    }
    std::string printed;

   private:
    Recording& recording_;
    double hang_seconds_;
    int count_ = 0;
};

std::string reply_of(const Outcome& outcome, const std::string& printed, double seconds) {
    std::string out = std::string("{\"end\":\"") + outcome.end + "\",\"released\":" + std::to_string(outcome.released) +
                      ",\"seconds\":" + std::to_string(seconds) + ",\"printed\":[" + printed + "],\"starts\":{";
    for (size_t track = 0; track < outcome.tracks.size(); track++) {
        out += std::string(track ? "," : "") + '"' + outcome.tracks[track] + "\":[";
        const auto& starts = outcome.drivers[track]->starts;
        for (size_t place = 0; place < starts.size(); place++)
            out += (place ? ",[" : "[") + std::to_string(starts[place].first) + ',' +
                   std::to_string(starts[place].second) + ']';
        out += ']';
    }
    return out + "}}";
}

std::string play_one(Bench& bench, Json::Value program, const Config& config, int width, Recording& recording) {
    const double started = now();
    limit_time(config.hang_seconds);
    recording.begin(size_t((width + 31) / 32) * sizeof(Word), program["max_cycles"].integer());
    std::unique_ptr<Model> model = new_model(0);
    // Reported at power-up, as by every copy: the first process has said it once.
    if (model->errors) (void)!ftruncate(STDOUT_FILENO, 0);
    RowsOfTest rows(recording, config.hang_seconds);
    Outcome outcome = bench.play(program, *model, rows);
    limit_time(0);
    return reply_of(outcome, rows.printed, now() - started);
}

// A number that two tests share if their rows and ends are equal.
class Digest {
   public:
    Digest(int words, double hang_seconds) : words_(words), hang_seconds_(hang_seconds) {}
    void row(const Word* sample, int64_t cycle) {
        if (cycle % kTimerCycles == 0) limit_time(hang_seconds_);
        for (int place = 0; place < words_; place++) mix(sample[place]);
    }
    void reported(int64_t cycle, int64_t errors) { mix(Word(cycle)), mix(Word(errors)); }
    void add(const char* text) {
        while (*text) mix(Word(*text++));
    }
    uint64_t value() const { return value_; }

   private:
    int words_;
    double hang_seconds_;
    uint64_t value_ = 0x243f6a8885a308d3;
    void mix(Word word) {
        value_ = (value_ ^ word) * 0x9e3779b97f4a7c15;
        value_ ^= value_ >> 32;
    }
};

// The digests of many programs, each from several power-up states, in the place of rows.
// So if the RTL crashes or hangs, the number of rows tells in which.
std::string digest_all(Bench& bench, Json::Value request, const Config& config, int width, Recording& recording) {
    std::ostringstream text;
    text << std::ifstream(std::string(request["programs"].text())).rdbuf();
    std::string kept = text.str();
    Json programs;
    programs.parse(kept);
    recording.begin(sizeof(uint64_t), request["max_cycles"].integer());
    int64_t skipped = request["skipped"].integer(), left = request["max_cycles"].integer();
    for (Json::Value program = programs.root().first(); program && left > 0; program = program.next()) {
        if (skipped-- > 0) continue;
        for (Json::Value fill = request["fills"].first(); fill; fill = fill.next()) {
            limit_time(config.hang_seconds);
            Digest digest((width + 31) / 32, config.hang_seconds);
            std::unique_ptr<Model> model = new_model(int(fill.integer()));
            try {
                digest.add(bench.play(program, *model, digest).end);
            } catch (const Bench::Finished&) {
                digest.add("finished");
            }
            limit_time(0);
            const uint64_t value = digest.value();
            recording.add(&value);
            left--;
        }
    }
    return "{\"end\":\"digests\"}";
}

// What others are measured against: the pins of a program again and again, without drivers, monitors and recording.
std::string repeat_bare(Bench& bench, Json::Value request, const Config& config) {
    limit_time(config.hang_seconds * 100);
    std::vector<Words> driven = bench.driven(request, *new_model(0));
    Word seen = 0;
    for (int64_t times = request["bare"].integer(); times > 0; times--) {
        std::unique_ptr<Model> model = new_model(0);
        for (const Words& words : driven) {
            model->drive(words.data());
            model->step();
            seen ^= model->sample()[0];
        }
    }
    limit_time(0);
    return "{\"end\":\"bare\",\"cycles\":" + std::to_string(driven.size()) + ",\"seen\":" + std::to_string(seen) + "}";
}

// Plays tests until the parent closes the connection.
[[noreturn]] void play_all(const Config& config, Json::Value layout, volatile Stage& stage) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Bench bench(layout);
    Json message;
    Recording recording(config.recording);
    const int width = int(layout["sample_width"].integer());
    try {
        for (int number = 0; number < kTestsOfACopy; number++) {
            std::string text = receive(config.socket), reply;
            stage = Stage::Playing;
            try {
                message.parse(text);
                Json::Value request = message.root();
                reply = request["programs"] ? digest_all(bench, request, config, width, recording)
                        : request["bare"]   ? repeat_bare(bench, request, config)
                                            : play_one(bench, request, config, width, recording);
            } catch (const Bench::Finished&) {
                fflush(nullptr);
                _exit(0);
            } catch (const std::runtime_error& error) {
                reply = std::string("{\"error\":\"") + error.what() + "\"}";
            }
            fflush(nullptr);
            stage = Stage::Answering;
            send(config.socket, reply);
            stage = Stage::Waiting;
        }
        stage = Stage::Tired;
    } catch (const Closed&) {
    }
    _exit(0);
}

// Follows one copy to its end; returns whether another one is needed.
bool follow(pid_t copy, int alive, int connection, const volatile Stage& stage) {
    pollfd events[2] = {{alive, POLLIN, 0}, {connection, POLLRDHUP, 0}};
    while (!events[0].revents) {
        if (poll(events, 2, -1) < 0) {
            events[0].revents = 0;
            continue;
        }
        if (!events[0].revents && events[1].revents) {
            kill(copy, SIGKILL);
            return false;
        }
    }
    int status = 0;
    waitpid(copy, &status, 0);
    if (stage == Stage::Tired) return true;
    // Killed while it waited for a program (no reply is expected), or in the middle of its reply (which cannot be
    // completed): the parent notices the end of this process.
    if (stage != Stage::Playing) return false;
    send(connection, "{\"died\":true,\"signal\":" + std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : 0) + "}");
    return true;
}

template <class Work>
pid_t fork_for(Work&& work) {
    pid_t copy = fork();
    if (copy == 0) work();
    return copy;
}

// RTL that ends or crashes before the first edge: this process ends in the same way, before it says that it is ready.
void require_power_up(double hang_seconds) {
    pid_t probe = fork_for([&] {
        limit_time(hang_seconds);
        bool finished = new_model(0)->finished();
        fflush(nullptr);
        _exit(finished ? kFinished : 0);
    });
    int status = 0;
    waitpid(probe, &status, 0);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    if (status) _exit(WEXITSTATUS(status) == kFinished ? 0 : 1);
}

Config read_config() {
    const char* text = getenv("DV_AGENT_CHILD");
    Json json;
    json.parse(text ? text : "");
    Json::Value root = json.root();
    return {int(root["socket"].integer()), int(root["recording"].integer()),
            root["hang_seconds"].real()};
}

int serve(const char* layout_file) {
    rlimit memory{kMostMemory, kMostMemory};
    setrlimit(RLIMIT_DATA, &memory);
    // Line by line, so that the last output of RTL that hangs reaches the log; a full log must not end the process.
    setvbuf(stdout, nullptr, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    Config config = read_config();
    std::ostringstream text;
    text << std::ifstream(layout_file).rdbuf();
    std::string kept = text.str();
    Json layout;
    layout.parse(kept);
    require_power_up(config.hang_seconds);
    send(config.socket, "{\"ready\":true}");
    void* page = mmap(nullptr, sizeof(Stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return 1;
    volatile Stage& stage = *static_cast<Stage*>(page);
    while (true) {
        int pipes[2];  // nothing is written: the end of the copy closes it
        if (pipe(pipes)) return 1;
        stage = Stage::Waiting;
        pid_t copy = fork_for([&] {
            ::close(pipes[0]);
            play_all(config, layout.root(), stage);
        });
        if (copy < 0) return 1;
        ::close(pipes[1]);
        bool more = follow(copy, pipes[0], config.socket, stage);
        ::close(pipes[0]);
        if (!more) return 1;
    }
}

}  // namespace

int chosen_copy = 0;

}  // namespace dv

int main(int count, char** words) {
    try {
        if (count == 3) dv::chosen_copy = atoi(words[2]);
        return count == 2 || count == 3 ? dv::serve(words[1]) : 2;
    } catch (const dv::Closed&) {
        return 0;
    } catch (const std::exception& error) {
        fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
