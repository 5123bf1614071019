"""The messages that other tests deliver, and what is expected of them."""

import pathlib

import pytest
from support import corpus
from support.debian import REPOSITORY

DATA = REPOSITORY / "tests/data"


def test_every_message_is_complete_and_without_what_cleanup_drops():
    for message in corpus.load(DATA / "mail"):
        content = message.content
        assert b"\0" not in content, message.name
        assert corpus.completed(content) == content, message.name
        unix = content.replace(b"\r\n", b"\n").removesuffix(b"\n") + b"\n"
        assert corpus.as_delivered(content).replace(b"\r\n", b"\n") == unix, message.name


def test_a_mailbox_is_taken_apart():
    messages = [message.content for message in corpus.load(DATA / "archive.mbox")]
    assert len(messages) == 4
    assert messages[0].endswith(b"\nFrom Monday on the office is closed.\n"
                                b">From this line one mark is taken, too.\n\nMarta\n")
    assert b"\nFrom\n From neither.\n\n\n" in messages[1]
    assert messages[1].endswith(b"one below.\n\n")
    assert messages[3].endswith(b"\n\n.\nThe mailbox ends here")


def test_a_message_sent_again_gets_what_is_missing_of_that():
    completed = corpus.completed(b"From: a\nDate: b\nMessage-Id: c\nResent-From: d\n")
    names = [line.split(b":")[0] for line in completed.splitlines()]
    assert names == [b"Resent-Date", b"Resent-Message-Id", b"From", b"Date", b"Message-Id",
                     b"Resent-From"]


def test_dropped_headers_are_not_expected_but_those_of_inner_messages_are():
    content = (b"Return-Path: <a>\nBCC : b,\n\tc\nSubject: x\nFrom: a\n\n"
               b"Bcc: in the body\n.")
    expected = b"Subject: x\r\nFrom: a\r\n\r\nBcc: in the body\r\n.\r\n"
    assert corpus.as_delivered(content) == expected


def test_stray_carriage_returns_are_expected_as_blanks():
    assert corpus.as_delivered(b"S: x\r\n\na\rb\r\r\n") == b"S: x\r\n\r\na b\r\n"


@pytest.mark.parametrize("content, end", [
    (b"just text\n", b"\n\njust text\n"), (b"\nbody", b"\n\nbody"),
    (b"Subject: x\n\nb", b"\nSubject: x\n\nb"), (b"To : a :\nb", b"\nTo: a :\n\nb"),
    (b"", b"")])
def test_missing_headers_are_added(content, end):
    completed = corpus.completed(content)
    assert completed.endswith(end)
    assert [line.split(b":")[0] for line in completed.splitlines()[:3]] == [b"From", b"Date",
                                                                            b"Message-Id"]


@pytest.mark.parametrize("messages, deliveries, most", [
    (32, 2000, 40), (1, 2000, 40), (3000, 2000, 40), (7, 100, 40), (100, 99, 1)])
def test_every_message_has_its_share(messages, deliveries, most):
    given = [corpus.Message(str(number), b"") for number in range(messages)]
    shares = list(corpus.shares(given, deliveries, most))
    assert sum(count for _, count in shares) == max(deliveries, messages)
    assert {message for message, _ in shares} == set(given)
    assert all(1 <= count <= most for _, count in shares)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(),
                                  lambda path: path.write_bytes(b"")])
def test_nothing_to_read_is_an_error(tmp_path: pathlib.Path, make):
    path = tmp_path / "mail"
    make(path)
    with pytest.raises(corpus.BadCorpus, match=str(path)):
        corpus.load(path)
