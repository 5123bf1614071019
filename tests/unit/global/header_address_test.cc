#include "global/header_address.h"

#include <gtest/gtest.h>

#include "global/address_quote.h"

namespace handoff::global {
namespace {

// What trivial-rewrite does to these.
std::string completed(std::string_view address) {
  const std::string internal = unquote_address(address);
  if (internal == "@a, @b:x@c") return "x@c";
  return quote_address(internal.find('@') == std::string::npos ? internal + "@here.test"
                                                               : internal);
}

// As it leaves cleanup: the header as it was if no address in it changes.
std::string rewritten(std::string_view value) {
  HeaderAddresses addresses = HeaderAddresses::parse(value);
  return addresses.rewrite(completed) ? addresses.to_header("To") : "To:" + std::string(value);
}

TEST(HeaderAddress, LeavesAloneWhatIsComplete) {
  for (const char* value : {"   mary@host", " undisclosed:;", " \"Joe\"  <joe@a.b> (c) ,\n\tx@y",
                            " a\\b@x.y", "", " <>", " (unterminated <x>, y"})
    EXPECT_EQ(rewritten(value), "To:" + std::string(value));
}

// Each result is what stock cleanup 3.7.11 makes of it, with another domain.
TEST(HeaderAddress, RewritesAsStockDoes) {
  const std::initializer_list<std::pair<const char*, const char*>> cases{
      {"joe", "joe@here.test"},
      {"a@b, foo (Comment) , \"Q S\" <x@y>", "a@b, foo@here.test (Comment), \"Q S\" <x@y>"},
      {"group: a@b.c, d ;, e", "group: a@b.c, d@here.test;, e@here.test"},
      {"x,,y,,", "x@here.test, , y@here.test, , "},
      {"x y", "x@here.test, y@here.test"},
      {"<x>   (c1) (c2)\n (c3)", "<x@here.test>(c1) (c2) (c3)"},
      {"joe @ example.com, a . b@c, x", "joe@example.com, a.b@c, x@here.test"},
      {"\"a\\\"b\" <x>, \"c d\"@e, (un(nest)ed) f",
       "\"a\\\"b\" <x@here.test>, \"c d\"@e, f@here.test (un(nest)ed)"},
      {"<unterminated, y", "\"<unterminated\"@here.test, y@here.test"},
      {"<a,b>", "<\"a, b\"@here.test>"},
      {"=?utf-8?q?J=C3=B6rg?= <joe>", "=?utf-8?q?J=C3=B6rg?= <joe@here.test>"},
      {"[1.2.3.4], u@[1.2.3.4]", "\"[1.2.3.4]\"@here.test, u@[1.2.3.4]"},
      {" \t x\t ,\ty ", "x@here.test, y@here.test"},
      {"friends:joe,jim;,x", "friends: joe@here.test, jim@here.test;, x@here.test"},
      {"<joe>", "<joe@here.test>"},
      {"\"joe\"", "joe@here.test"},
      {"joe@example.com <x>", "joe@example.com <x@here.test>"},
      {"a\\b", "ab@here.test"},
      {"(c1) \"q\" (c2) <x> (c3), (d) y", "(c1) \"q\" (c2) <x@here.test>(c3), y@here.test (d)"},
      {"(d) y (e) z@w (f)", "y@here.test (d), z@w (e) (f)"},
      {"g (x): h (y) ;", "g (x): h@here.test (y);"},
      {"<@a,@b:x@c>", "<x@c>"},
      {"y <z@q> w", "y <z@q>, w@here.test"},
      {"<p> <q>", "<p@here.test> <q@here.test>"},
      {"u@[a b], v@\"w\", k@(c)l, m.(c)n", "u@[a b], v@w, k@l (c), m.n@here.test (c)"},
      {"Joe Q. User <joe>", "Joe Q.User <joe@here.test>"},
      {"J.Q.Public <y>, x.@y", "J.Q.Public <y@here.test>, \"x.\"@y"},
      {"foo@bar.baz. <q>, \"a\" \"b\" <r>",
       "foo@bar.baz. <q@here.test>, \"a\" \"b\" <r@here.test>"},
      {"a\\ b <y>, \"a\"\"b\"@c", "\"a b\" <y@here.test>, a@here.test, b@c"},
      {"x; y: z, w; v", "x;y: z@here.test, w@here.test;, v@here.test"},
      {"a:b:c;d;", "a:b: c@here.test;, d@here.test;"},
      {"mailto:x", "\"mailto:x\"@here.test"},
      {"x)y, \"x\\", "\"x)y\"@here.test, x@here.test"},
      {"(a\n b) <x y>", "(a  b) <xy@here.test>"},
      {"\"\" <z>, \"a\tb\"@c", "\"\" <z@here.test>, \"a b\"@c"},
  };
  for (const auto& [value, expected] : cases)
    EXPECT_EQ(rewritten(value), "To: " + std::string(expected)) << value;
}

TEST(HeaderAddress, FoldsBeforeAnAddressThatMakesTheLineTooLong) {
  const auto line = [](std::size_t length) {
    const std::string fill(length - std::string("To: x@here.test, @a,").size(), 'y');
    return rewritten("x, " + fill + "@a, z@a");
  };
  EXPECT_EQ(line(69).find("\n\tz@a"), 69U);
  EXPECT_EQ(line(70).find("\n\ty"), std::string("To: x@here.test,").size());
}

TEST(HeaderAddress, ListsAddressesForSubmission) {
  const auto addresses =
      HeaderAddresses::parse("\"Q S\" <a b@c>, joe (x), list: q, \"r s\"@t;, <>").addresses();
  EXPECT_EQ(addresses, (std::vector<std::string>{"ab@c", "joe", "q", "\"r s\"@t"}));
}

TEST(HeaderAddress, SurvivesAnything) {
  const std::string bytes = "<>()\",;:@.[]\\ a\n\xff";
  for (const char a : bytes)
    for (const char b : bytes)
      for (const char c : bytes)
        for (const char d : bytes) (void)rewritten(std::string{a, b, c, d});
}

TEST(HeaderAddress, QuotesNamesWhenNeeded) {
  EXPECT_EQ(quote_phrase("Full Name"), "Full Name");
  EXPECT_EQ(quote_phrase("O'Neil\t Caf\xc3\xa9"), "O'Neil Caf\xc3\xa9");
  EXPECT_EQ(quote_phrase("J. Doe"), "\"J. Doe\"");
  EXPECT_EQ(quote_phrase("Full \"Name\" <x>"), "\"Full \\\"Name\\\" <x>\"");
  EXPECT_EQ(quote_phrase("  "), "");
}

}  // namespace
}  // namespace handoff::global
