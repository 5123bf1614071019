// line_document.h - a configuration file as somebody wrote it: every byte, and the entries in it.
//
// For programs that change a file and leave alone what they were not asked to change. What is an
// entry is said in text_file.h; lines before the first entry that begin with a blank belong to
// nothing and only stay where they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::util {

class LineDocument {
 public:
  struct Entry {
    int number = 0;                    // of its first line, from 1
    std::string text;                  // as LogicalLine::text
    std::vector<std::size_t> lines{};  // its first line and those that continue it
  };

  explicit LineDocument(std::string_view text);

  // As they were when the document was made, in the order of the file.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  // The line on which an entry begins, as it was; without its end.
  [[nodiscard]] std::string_view first_line(const Entry& entry) const;

  // Comments and empty lines inside of an entry stay, after its new text. An entry is changed once.
  void replace(const Entry& entry, std::string_view text);
  void remove(const Entry& entry);
  void comment_out(const Entry& entry);
  // At the end, on a line of its own.
  void append(std::string_view text);

  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> original_;  // each with its line end; the last one may lack it
  std::vector<std::string> lines_;     // the same, as changed; empty: no longer there
  std::vector<Entry> entries_;
};

}  // namespace handoff::util
