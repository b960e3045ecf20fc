// Reading JSON: the layout of a design, and the programs that are played. Text is not copied.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dv {

struct Node {
    enum Kind : uint8_t { Null, False, True, Number, Text, List, Object } kind = Null;
    uint32_t next = 0;    // the next value of the same list; 0: the last one
    uint32_t child = 0;   // the first value of a list; in an object keys and values take turns
    std::string_view text;  // digits of a number, or a text without its quotes
    int64_t number = 0;     // the same as an integer, of at most 18 digits; of a list, how many values it has
};

// A parsed text; values are found by walking, so a large program needs one block of memory and no search.
class Json {
   public:
    class Value;

    // Escapes in texts stay as they are: all names that matter are identifiers.
    void parse(std::string_view text) {
        text_ = text, at_ = 0;
        nodes_.clear();
        nodes_.reserve(text.size() / 2 + 1);
        value();
    }
    inline Value root() const;

   private:
    friend class Value;
    std::vector<Node> nodes_;
    std::string_view text_;
    size_t at_ = 0;

    [[noreturn]] void fail() const { throw std::runtime_error("bad JSON at byte " + std::to_string(at_)); }
    char peek() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) at_++;
        if (at_ >= text_.size()) fail();
        return text_[at_];
    }
    bool take(char wanted) {
        if (peek() != wanted) return false;
        at_++;
        return true;
    }
    std::string_view quoted() {
        if (!take('"')) fail();
        size_t end = at_;
        while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size()) fail();
        std::string_view found = text_.substr(at_, end - at_);
        at_ = end + 1;
        return found;
    }
    void word(std::string_view wanted) {
        if (text_.substr(at_, wanted.size()) != wanted) fail();
        at_ += wanted.size();
    }
    uint32_t value() {
        uint32_t here = uint32_t(nodes_.size());
        nodes_.emplace_back();
        switch (peek()) {
            case '{': at_++, nodes_[here].kind = Node::Object, members(here, '}', true); break;
            case '[': at_++, nodes_[here].kind = Node::List, members(here, ']', false); break;
            case '"': nodes_[here].kind = Node::Text, nodes_[here].text = quoted(); break;
            case 't': word("true"), nodes_[here].kind = Node::True; break;
            case 'f': word("false"), nodes_[here].kind = Node::False; break;
            case 'n': word("null"); break;
            default: number(here);
        }
        return here;
    }
    static bool is_digit(char one) { return one >= '0' && one <= '9'; }
    static bool is_fraction(char one) {
        return one == '.' || one == 'e' || one == 'E' || one == '-' || one == '+';
    }
    void number(uint32_t here) {
        size_t end = at_;
        bool minus = text_[end] == '-';
        end += minus;
        int64_t value = 0;
        for (; end < text_.size() && is_digit(text_[end]); end++)
            if (end - at_ < 18) value = value * 10 + (text_[end] - '0');
        // The rest of a number that is no integer.
        while (end < text_.size() && (is_digit(text_[end]) || is_fraction(text_[end]))) end++;
        if (end == at_) fail();
        Node& node = nodes_[here];
        node.kind = Node::Number, node.text = text_.substr(at_, end - at_), node.number = minus ? -value : value;
        at_ = end;
    }
    void members(uint32_t parent, char close, bool keyed) {
        uint32_t last = 0;
        auto link = [&](uint32_t one) {
            (last ? nodes_[last].next : nodes_[parent].child) = one, last = one;
            nodes_[parent].number++;
        };
        if (take(close)) return;
        do {
            if (keyed) {
                if (peek() != '"') fail();
                link(value());
                if (!take(':')) fail();
            }
            link(value());
        } while (take(','));
        if (!take(close)) fail();
    }
};

// One value; a missing one is null.
class Json::Value {
   public:
    Value() = default;
    Value(const Json* json, uint32_t at) : json_(json), at_(at) {}
    explicit operator bool() const { return json_ != nullptr; }
    Value first() const { return json_ ? at(node().child) : Value(); }
    Value next() const { return json_ ? at(node().next) : Value(); }
    std::string_view text() const { return json_ ? node().text : std::string_view(); }
    bool is_null() const { return !json_ || node().kind == Node::Null; }
    bool truth() const { return json_ && (node().kind == Node::True || (node().kind == Node::Number && integer())); }
    // A number as an integer; one of more than 18 digits is only used as `text`.
    int64_t integer() const {
        return !json_ || node().kind != Node::Number ? node_truth() : node().number;
    }
    size_t count() const { return json_ ? size_t(node().number) : 0; }  // of a list
    double real() const { return std::stod(std::string(text())); }
    // The value of a key; null if there is none.
    Value operator[](std::string_view key) const {
        if (!json_ || node().kind != Node::Object) return {};
        for (Value name = first(); name; name = name.next().next())
            if (name.text() == key) return name.next();
        return {};
    }

   private:
    const Json* json_ = nullptr;
    uint32_t at_ = 0;
    const Node& node() const { return json_->nodes_[at_]; }
    Value at(uint32_t place) const { return place ? Value(json_, place) : Value(); }
    int64_t node_truth() const { return json_ && node().kind == Node::True; }
};

inline Json::Value Json::root() const { return Value(this, 0); }

}  // namespace dv
