"""Pages as HTML. Names of parameters and of manual pages become links."""

import html
import itertools
import re
import textwrap
from typing import Callable, Container, Iterable, List

from manual import Block, Page, Section

WORD = re.compile(r"[\w-]+\([1-8]\)|\w+")
STYLE = ("body{max-width:50em;margin:2em auto;padding:0 1em;font-family:sans-serif;line-height:1.4}"
         "dt{font-weight:bold;margin-top:.6em}pre{margin-left:2em}h2{font-size:1.1em;margin-top:1.6em}")


class Linker:
    """Escapes text, and makes links of what it knows."""

    def __init__(self, pages: Container[str], parameters: Container[str]) -> None:
        self._pages = pages
        self._parameters = parameters

    def __call__(self, text: str) -> str:
        done, end = [], 0
        for match in WORD.finditer(text):
            done += [html.escape(text[end:match.start()], quote=False), self._link(match.group())]
            end = match.end()
        return "".join(done) + html.escape(text[end:], quote=False)

    def _link(self, word: str) -> str:
        if word in self._pages:
            name, volume = word[:-1].split("(")
            return f'<a href="{name}.{volume}.html">{word}</a>'
        if "_" in word and word in self._parameters:
            return f'<a href="postconf.5.html#{word}">{word}</a>'
        return word


def term_of(text: str, link: Linker, anchors: bool) -> str:
    name = text.partition(" ")[0]
    if not anchors:
        return f"<dt>{link(text)}</dt>"
    return f'<dt id="{html.escape(name)}">{html.escape(text, quote=False)}</dt>'


def definition(block: Block, link: Linker) -> str:
    return "\n".join([f"<dd>{link(block.text)}", *render_blocks(block.more, link, anchors=False)]) + "</dd>"


def render_group(kind: str, blocks: List[Block], link: Linker, anchors: bool) -> List[str]:
    if kind == "item":
        items = [f"{term_of(block.term, link, anchors)}\n{definition(block, link)}" for block in blocks]
        return ["<dl>", *items, "</dl>"]
    if kind == "bullet":
        return ["<ul>", *(f"<li>{link(block.text)}</li>" for block in blocks), "</ul>"]
    if kind == "verbatim":
        return [f"<pre>{link(textwrap.dedent(block.text))}</pre>" for block in blocks]
    return [f"<p>{link(block.text)}</p>" for block in blocks]


def render_blocks(blocks: Iterable[Block], link: Linker, anchors: bool) -> List[str]:
    return [line for kind, group in itertools.groupby(blocks, lambda block: block.kind)
            for line in render_group(kind, list(group), link, anchors)]


def render_lines(section: Section, link: Callable[[str], str]) -> List[str]:
    text = "\n".join(line.strip() for line in section.lines if line.strip())
    return [f"<pre>{link(text)}</pre>"]


def render_section(section: Section, link: Linker, anchors: bool) -> List[str]:
    lines = [f"<h2>{section.title}</h2>"]
    if section.title in {"SYNOPSIS", "SEE ALSO"}:
        return lines + render_lines(section, link)
    return lines + render_blocks(section.blocks, link, anchors)


def render(page: Page, link: Linker) -> str:
    title = f"{page.name}({page.volume})"
    lines = ["<!DOCTYPE html>", '<!-- Made by "make docs"; see mantools/. -->',
             f'<html lang="en"><head><meta charset="utf-8"><title>Handoff manual - {title}</title>',
             f"<style>{STYLE}</style></head><body>", f"<h1>{title}</h1>"]
    for section in page.sections:
        lines += render_section(section, link, anchors=title == "postconf(5)")
    return "\n".join([*lines, "</body></html>"]) + "\n"
