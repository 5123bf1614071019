#include "smtp/reply.h"

#include <algorithm>

#include "global/dsn.h"
#include "util/text.h"

namespace handoff::smtp {

namespace {

constexpr std::size_t kCodeDigits = 3;

bool has_code(std::string_view line) {
  return line.size() >= kCodeDigits && std::all_of(line.begin(), line.begin() + kCodeDigits,
                                                   [](char c) { return util::is_digit(c); });
}

// The enhanced code in the text of the last line if it is of the reply's own class.
std::string enhanced_status(int code, std::string_view last_line) {
  const int digit = code / 100;
  if (digit != 2 && digit != 4 && digit != 5) return "5.5.0";
  std::string_view text = util::trim_left(last_line.substr(kCodeDigits));
  std::size_t length = global::dsn_code_length(text);
  const char reply_class = static_cast<char>('0' + digit);
  if (length > 0 && text[0] == reply_class) return std::string(text.substr(0, length));
  return std::string(1, reply_class) + ".0.0";
}

}  // namespace

std::string Reply::one_line() const {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

ReplyCollector::Progress ReplyCollector::add_line(std::string_view line) {
  if (++lines_ > kMaxReplyLines) return Progress::Endless;
  append(line);
  const bool coded = has_code(line);
  if (coded && line.size() > kCodeDigits && line[kCodeDigits] == '-') return Progress::More;
  if (!coded || (line.size() > kCodeDigits && line[kCodeDigits] != ' ')) return Progress::Garbage;
  reply_.code = util::to_int(line.substr(0, kCodeDigits)).value_or(0);
  reply_.dsn = enhanced_status(reply_.code, line);
  return Progress::Complete;
}

Reply ReplyCollector::take() {
  Reply done = std::move(reply_);
  *this = {};
  return done;
}

bool ReplyCollector::overflowed() {
  return full_ && !std::exchange(overflow_reported_, true);
}

void ReplyCollector::append(std::string_view line) {
  if (reply_.text.size() >= kReplyLimit) {
    full_ = true;
    return;
  }
  if (lines_ > 1) reply_.text += '\n';
  reply_.text += line;
}

}  // namespace handoff::smtp
