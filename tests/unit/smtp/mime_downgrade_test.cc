#include "smtp/mime_downgrade.h"

#include <gtest/gtest.h>

#include "util/text.h"

namespace handoff::smtp {
namespace {

// Feeds `text` in pieces of at most `piece` bytes, as a queue file gives them.
std::string converted(std::string_view text, std::size_t piece = 2048) {
  TextEncoder encoder(0);
  MimeDowngrade downgrade(encoder);
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    for (; line.size() > piece; line.remove_prefix(piece))
      downgrade.add(line.substr(0, piece), false, out);
    downgrade.add(line, end < text.size(), out);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  downgrade.finish(out);
  encoder.finish(out);
  std::erase(out, '\r');
  return out;
}

TEST(MimeDowngradeTest, EncodesALabelledBody) {
  EXPECT_EQ(converted("Content-Transfer-Encoding: 8bit\nSubject: x\n\ncaf\xe9 = \n.x\n"),
            "Subject: x\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9 =3D=20\n..x\n");
}

TEST(MimeDowngradeTest, LeavesEverythingElseAlone) {
  for (const std::string text :
       {"Subject: caf\xe9\n\ncaf\xe9\n", "Content-Transfer-Encoding: base64\nX: y\n\n4pyT\n",
        "Content-Transfer-Encoding: 7bit\n\nlying \xe9\n", "\nno header \xe9\n",
        "no header\xe9\nContent-Transfer-Encoding: 8bit\n\n\xe9\n",
        "Content-Type: message/partial; id=x\nContent-Transfer-Encoding: 8bit\n\n\xe9\n", "", "\n"})
    EXPECT_EQ(converted(text), text);
}

TEST(MimeDowngradeTest, WalksThroughParts) {
  EXPECT_EQ(converted("Content-Type: multipart/mixed; boundary=\"a b\"\n"
                      "Content-Transfer-Encoding: 8bit\n\npreamble \xe9\n--a b\n"
                      "Content-Transfer-Encoding: 8bit\n\n\xe9\n--a bc\n--a b  \n"
                      "Content-Type: message/rfc822\n\nSubject: in\n"
                      "Content-Transfer-Encoding: 8bit\n\n\xe9\n--a b--\n\xe9\n"),
            "Content-Type: multipart/mixed; boundary=\"a b\"\n"
            "Content-Transfer-Encoding: 7bit\n\npreamble \xe9\n--a b\n"
            "Content-Transfer-Encoding: quoted-printable\n\n=E9\n--a bc\n--a b  \n"
            "Content-Type: message/rfc822\n\nSubject: in\n"
            "Content-Transfer-Encoding: quoted-printable\n\n=E9\n--a b--\n\xe9\n");
}

TEST(MimeDowngradeTest, GivesTheSameForPieces) {
  const std::string text =
      "Subject: " + std::string(300, 's') +
      "\nContent-Type: multipart/mixed;\n boundary=b\nContent-Transfer-Encoding:\n 8bit\n\n--b\n"
      "Content-Transfer-Encoding: 8bit\n\n" +
      std::string(200, '\xe9') + " \nx" + std::string(100, ' ') + "\n--b--\n";
  for (const std::size_t piece : {40, 64, 100}) EXPECT_EQ(converted(text, piece), converted(text));
}

// A soft line break must not make a boundary out of the middle of a line.
TEST(MimeDowngradeTest, NeverMakesABoundary) {
  const std::string out = converted(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
      "Content-Transfer-Encoding: 8bit\n\n" +
      std::string(73, 'x') + "--b--\n--b--\n");
  EXPECT_NE(out.find("=\n=2D-b--\n"), std::string::npos) << out;
}

TEST(MimeDowngradeTest, KeepsLinesShort) {
  const std::string out = converted("Content-Transfer-Encoding: 8bit\n\n" +
                                    std::string(1000, '\xe9') + std::string(1000, 'x') + "\n");
  for (std::string_view line : util::split(out, "\n")) EXPECT_LE(line.size(), 76U);
}

TEST(MimeDowngradeTest, SurvivesDeepNesting) {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) +
            "\nContent-Transfer-Encoding: 8bit\n\n--b" + std::to_string(i) + "\n";
  EXPECT_NE(converted(text).find("--b499"), std::string::npos);
}

TEST(MimeHeaderTest, ReadsContentTypes) {
  const ContentType type = parse_content_type(
      " Multipart/Mixed (a (nested) \\) comment; boundary=no); charset=\"x;y\" ;\n"
      "\tBOUNDARY = \"a\\\"b c\"; boundary=second");
  EXPECT_TRUE(type.is("multipart", "mixed"));
  EXPECT_EQ(type.boundary, "a\"b c");
  for (auto text : {"", "text", "text/", "/plain", "\"", "(", "a b/c"})
    EXPECT_TRUE(parse_content_type(text).is("text", "plain")) << text;
}

TEST(MimeHeaderTest, KnowsFieldNames) {
  EXPECT_EQ(field_name("Subject: x"), "Subject");
  EXPECT_EQ(field_name("Subject :"), "Subject");
  for (auto text : {"", ":", " x: y", "no colon", "two words: x", "caf\xe9: x"})
    EXPECT_EQ(field_name(text), "") << text;
}

}  // namespace
}  // namespace handoff::smtp
