"""The documentation follows its sources, and `make check` notices when it does not."""

import html.parser
import os
import pathlib
import re
import shutil
import subprocess
from typing import List, Set

import pytest

from support import debian

PAGES = debian.REPOSITORY / "html"
VOID = {"meta", "!doctype"}


@pytest.fixture
def tree(tmp_path) -> pathlib.Path:
    """A copy of what documentation is made from, and of what was made."""
    for folder in ("src", "proto", "mantools", "man", "html", "conf"):
        shutil.copytree(debian.REPOSITORY / folder, tmp_path / folder)
    return tmp_path


def main_sources() -> List[str]:
    """The programs that have pages, whose names are those of their sources."""
    names = {page.name.split(".")[0] for page in PAGES.glob("*.html")} - {"postconf.5"}
    return [str(path.relative_to(debian.REPOSITORY)) for path in (debian.REPOSITORY / "src").glob("*/*.cc")
            if path.stem in names and path.read_text().startswith("// NAME\n")]


def check(tree: pathlib.Path) -> List[str]:
    done = subprocess.run([tree / "mantools/docs", "--check", *main_sources()], capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr.splitlines()


def edit(path: pathlib.Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_an_unchanged_tree_is_up_to_date(tree):
    assert not check(tree)


def test_a_new_default_makes_the_pages_stale_that_show_it(tree):
    edit(tree / "src/global/params.def", 'connection_cache_ttl_limit, "2s"',
         'connection_cache_ttl_limit, "3s"')
    assert check(tree) == [f"{name} is not up to date: make docs" for name in
                           ("html/postconf.5.html", "html/scache.8.html", "man/man5/postconf.5",
                            "man/man8/scache.8")]


def test_a_new_text_and_a_page_of_nothing_are_noticed(tree):
    edit(tree / "src/error/error.cc", "delivers nothing", "delivers little")
    (tree / "man/man8/none.8").write_text("")
    assert [line.split()[0] for line in check(tree)] == ["html/error.8.html", "man/man8/error.8",
                                                         "man/man8/none.8"]


@pytest.mark.parametrize("file, old, new, says", [
    ("proto/postconf.proto", "%PARAM max_use\n", "%PARAM max_uses\n", "max_use needs a text"),
    ("proto/postconf.proto", "%PARAM max_use\n", "%PARAM a\n", "a must not follow max_idle"),
    ("src/global/params.def", "PARAM(Int,  max_use, \"100\",", "PARAM(Int,  max_use, 100,", "rows are as expected"),
    ("src/error/error.cc", "// NAME\n", "", "must begin with its manual page"),
    ("proto/master.5", "NAME\n", "", "must begin with its manual page"),
    ("src/error/error.cc", "error - delivery", "delivery", 'NAME must be "error - what it does"'),
    ("conf/postfix-files", "man8/error.8:", "man8/errors.8:", "has no record for man/man8/error.8"),
])
def test_mistakes_in_the_sources_are_named(tree, file, old, new, says):
    edit(tree / file, old, new)
    complaints = check(tree)
    assert len(complaints) == 1 and says in complaints[0] and file in complaints[0]


# Other parameters' defaults refer to them, or they are limits of a transport like any other.
NOT_BY_NAME = {"default_delivery_status_filter", "local_destination_concurrency_limit",
               "local_destination_recipient_limit", "multi_instance_name", "virtual_alias_maps",
               "virtual_mailbox_maps"}
# Their texts leave it to bounce(8) what it sends.
OF_REPORTS = {"bounce_notice_recipient", "bounce_size_limit", "delay_notice_recipient",
              "enable_threaded_bounces"}


def words_of_the_programs() -> Set[str]:
    """In the table of what there is for each transport nobody reads anything."""
    sources = [*(debian.REPOSITORY / "src").glob("*/*.cc"), *(debian.REPOSITORY / "src").glob("*/*.h"),
               *(debian.REPOSITORY / "conf").glob("post*-*")]
    code = [re.sub(r"//.*", "", path.read_text()) for path in sources
            if path.stem != "transport_params"]
    return {word for text in code for word in re.findall(r"\w+", text)}


def test_a_text_says_when_nothing_reads_its_parameter():
    texts = (debian.REPOSITORY / "proto/postconf.proto").read_text().split("%PARAM ")[1:]
    names = {text.split("\n", 1)[0]: " ".join(text.split()) for text in texts[1:]}
    unread = set(names) - words_of_the_programs() - NOT_BY_NAME - OF_REPORTS
    assert unread == {name for name, text in names.items() if "Nothing reads it" in text}


class Elements(html.parser.HTMLParser):
    """Checks that elements are closed in their order, and collects anchors and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: List[str] = []
        self.links: List[str] = []
        self.anchors: List[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        self.anchors += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_well_formed_and_its_links_lead_somewhere():
    anchors, links = set(), set()
    for page in PAGES.glob("*.html"):
        elements = Elements()
        elements.feed(page.read_text())
        assert not elements.open
        assert len(elements.anchors) == len(set(elements.anchors))
        anchors |= {page.name} | {f"{page.name}#{anchor}" for anchor in elements.anchors}
        links |= set(elements.links)
    assert links and not links - anchors


# Described by other manuals of the system.
OF_THE_SYSTEM = {"date(1)", "fcntl(2)", "fork(2)", "group(5)", "ldap.conf(5)", "nsswitch.conf(5)", "passwd(5)",
                 "pcre2pattern(3)", "regex(7)", "sd_notify(3)", "services(5)", "strftime(3)", "syslog(3)",
                 "syslogd(8)"}


def test_pages_that_only_postfix_has_are_called_its_own():
    ours = {path.name for path in (debian.REPOSITORY / "man").glob("*/*")}
    assert "smtp.8" in ours and "smtpd.8" not in ours
    for page in PAGES.glob("*.html"):
        for text in re.split(r"</?(?:p|dt|dd|li|pre)>", page.read_text()):
            named = set(re.findall(r"\b([a-z][\w.-]*\(\d\))", text)) - OF_THE_SYSTEM
            missing = {name for name in named if name.replace("(", ".").rstrip(")") not in ours}
            assert not missing or re.search("Postfix|Handoff has no", text), (page.name, missing)


def rows_of(page: pathlib.Path) -> List[str]:
    return re.findall(r"^\\fB(\w+)\\fR \(default: ", page.read_text(), re.MULTILINE)


# What it reads itself; in the rooms below; and what only others read, of what comes with these.
@pytest.mark.parametrize("page, own, below, not_read", [
    ("man8/scache.8", "connection_cache_ttl_limit connection_cache_size_limit", "ipc_timeout max_idle mail_owner",
     "max_use smtp_connect_timeout qmgr_ipc_timeout hash_queue_names berkeley_db_read_buffer_size"),
    ("man8/smtp.8", "smtp_connect_timeout", "bounce_service_name defer_service_name trace_service_name "
     "address_verify_service_name flush_service_name delay_logging_resolution_limit proxy_interfaces "
     "berkeley_db_read_buffer_size meta_directory", "qmgr_ipc_timeout berkeley_db_create_buffer_size"),
    ("man8/error.8", "ipc_timeout", "bounce_service_name info_log_address_format hash_queue_depth",
     "flush_service_name berkeley_db_read_buffer_size enable_long_queue_ids"),
    ("man8/trivial-rewrite.8", "myorigin", "inet_interfaces proxy_interfaces recipient_delimiter meta_directory",
     "hash_queue_names bounce_service_name"),
    ("man8/cleanup.8", "always_bcc", "hash_queue_names hash_queue_depth enable_long_queue_ids bounce_service_name",
     "flush_service_name trace_service_name meta_directory"),
    ("man8/qmgr.8", "queue_run_delay", "hash_queue_names hash_queue_depth recipient_delimiter", "max_use max_idle"),
    ("man8/bounce.8", "deliver_lock_delay", "hash_queue_names hash_queue_depth", "enable_long_queue_ids"),
    ("man8/pickup.8", "content_filter", "hash_queue_names max_use", "daemon_timeout bounce_service_name"),
    ("man1/postmap.1", "default_database_type", "berkeley_db_create_buffer_size berkeley_db_read_buffer_size "
     "lmdb_map_size smtputf8_enable meta_directory maillog_file", "daemon_timeout mail_owner"),
    ("man1/postfix.1", "command_directory shlib_directory", "maillog_file maillog_file_prefixes "
     "maillog_file_compressor maillog_file_rotate_suffix", "max_idle lmdb_map_size"),
    ("man1/postdrop.1", "authorized_submit_users", "alternate_config_directories syslog_name", "meta_directory"),
    ("man1/sendmail.1", "command_directory", "syslog_name", "alternate_config_directories"),
])
def test_a_page_lists_what_its_program_reads(page, own, below, not_read):
    listed = rows_of(debian.REPOSITORY / "man" / page)
    assert {*own.split(), *below.split()} <= set(listed)
    assert not set(listed) & set(not_read.split())
    assert listed == sorted(set(listed))


def test_no_page_of_a_program_lists_what_nothing_reads():
    texts = (debian.REPOSITORY / "proto/postconf.proto").read_text().split("%PARAM ")[1:]
    unread = {text.split("\n", 1)[0] for text in texts if "Nothing reads it" in " ".join(text.split())}
    assert unread
    for page in (debian.REPOSITORY / "man").glob("man[18]/*"):
        assert not unread & set(rows_of(page)), page


def test_what_a_program_starts_to_use_appears_on_its_page(tree):
    edit(tree / "src/global/delivery_report.cc", "  options.soft_bounce",
         "  use(params.stress);\n  options.soft_bounce")
    assert {line.split()[0] for line in check(tree)} == {
        f"{folder}/{name}.8{end}" for folder, end in (("html", ".html"), ("man/man8", ""))
        for name in ("smtp", "error", "qmgr", "cleanup")}
