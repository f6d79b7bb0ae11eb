"""Has a text of the log become more than text? Asks parsers that others wrote:
html5lib for the page, markdown-it for the Markdown.

A page is compared with that of its twin, the same log with letters instead of
payloads (`hostile.py`). Of every element there is compared where it stands (the
names of all elements around it, with their namespaces), its attributes, and their
values but for digits; comments and the doctype are elements here. How often each
occurs must be the same. No attribute of the page has a text of the log, so that
there is none to leave out. Where there is no twin, none may occur that other pages
do not have.
"""

import re
from collections import Counter

import html5lib
from markdown_it import MarkdownIt

from hostile import is_long
from payloads import PAYLOADS, bare, shown
from program import holds

# Of a text that is cut this much is there in every form.
BEGINNING = 100


def elements(page):
    """Every element of a page with where it stands and what it has, and the text."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"))
    root = parser.parse(page)
    errors = [f"{code} at {place}" for place, code, _ in parser.errors]
    found, text = Counter(), []

    def walk(element, path):
        name = element.tag if isinstance(element.tag, str) else f"<{element.tag.__name__}>"
        path = f"{path} {name.rsplit('/', 1)[-1]}"
        values = (f"{key}={steady(value)}" for key, value in sorted(element.attrib.items(), key=str))
        # What stands in a script or a style is part of the page.
        within = element.text if name.endswith(("}script", "}style", ">")) else ""
        found[f"{path} [{' '.join(values)}]{within or ''}"] += 1
        text.append(element.text or "")
        for child in element:
            walk(child, path)
            text.append(child.tail or "")

    walk(root, "")
    return found, "".join(text), errors


def steady(value):
    """The value of an attribute without its numbers."""
    return re.sub(r"\d[\d,.]*", "0", value)


def differs(page, twin):
    """What one page has and the other has not."""
    page, twin = Counter(page), Counter(twin)
    return [f"{count} too many: {what}"[:400] for what, count in (page - twin).items()] + [
        f"{count} too few: {what}"[:400] for what, count in (twin - page).items()
    ]


def same(page, twin, who):
    """A page has what its twin has."""
    (found, text, errors), (due, _, _) = elements(page), elements(twin)
    holds(not errors, f"{who}: the page is no HTML as it should be: {errors[:3]}")
    wrong = differs(found, due)
    holds(not wrong, f"{who}: {len(wrong)} foreign nodes:\n" + "\n".join(wrong[:5]))
    return found, text


def known(page, others, who):
    """A page has nothing that other pages do not have."""
    found, text, errors = elements(page)
    holds(not errors, f"{who}: the page is no HTML as it should be: {errors[:3]}")
    foreign = [what[:400] for what in found if vague(what) not in others]
    holds(not foreign, f"{who}: {len(foreign)} foreign nodes:\n" + "\n".join(foreign[:5]))
    return text


def vague(what):
    """An element without its attributes' values: other logs have other charts."""
    path, _, values = what.partition(" [")
    return path, tuple(re.findall(r"(?:^|\s)([^\s=]+)=", values.rpartition("]")[0]))


def printable(payload):
    """Whether every form shows it as it is."""
    return payload.isascii() and all(32 <= byte < 127 for byte in payload)


def told(text, payloads, who):
    """Every payload of a page is in its text, as text."""
    for payload in payloads:
        for one in {bare(payload), payload}:
            if printable(one):
                start = shown(one)[:BEGINNING]
                holds(start in text, f"{who}: {start!r} is not in its text")


# Markdown.


def tokens(markdown):
    """What Markdown consists of, and its text."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found, text = Counter(), []

    def walk(some, path):
        for token in some:
            values = " ".join(f"{key}={steady(str(value))}" for key, value in sorted(token.attrs.items()))
            raw = token.content[:80] if token.type.startswith("html") else ""
            if token.type not in ("text", "softbreak", "text_special"):
                found[f"{path}{token.type} {token.tag} {values}{raw}"] += 1
            if token.type in ("text", "text_special", "code_inline", "code_block", "fence"):
                text.append(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                text.append("\n")
            walk(token.children or [], f"{path}{token.type} > ")

    walk(parser.parse(markdown), "")
    return found, "".join(text)


def same_markdown(markdown, twin, payloads, who):
    """Markdown has no HTML in it at all, the blocks of its twin, and nothing in them that
    its twin has not. What is no plain word is in a span of code, so that there may be
    more of these; and of long texts fewer fit."""
    (found, text), (due, _) = tokens(markdown), tokens(twin)
    raw = [what for what in found if "html_" in what]
    holds(not raw, f"{who}: raw HTML in Markdown: {raw[:3]}")
    if not any(map(is_long, payloads)):
        wrong = differs(*({what: count for what, count in some.items() if " > " not in what} for some in (found, due)))
        holds(not wrong, f"{who}: {len(wrong)} blocks of Markdown too many or too few:\n" + "\n".join(wrong[:5]))
    foreign = [what for what in found if what not in due and "code_inline" not in what]
    holds(not foreign, f"{who}: foreign Markdown: {foreign[:3]}")
    there = [payload for payload in payloads if printable(payload) and shown(bare(payload))[:BEGINNING] in text]
    # The worst five stand in it in full.
    holds(len(there) >= min(5, sum(map(printable, payloads))), f"{who}: only {len(there)} payloads are in the Markdown")


# JSON.


def strings(value):
    """All texts of some JSON but names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)


def has(report, payloads, who):
    """The JSON report gives every payload back, in the name of an entity and in the
    evidence."""
    texts = set(strings(report))
    begins = {text[:BEGINNING] for text in texts}
    for payload in payloads:
        for one in (bare(payload), payload):
            due = shown(one)
            there = due[:BEGINNING] in begins if is_long(payload) else due in texts
            holds(there, f"{who}: {due[:80]!r} is not in the JSON")


# The checks themselves.


def notices(page, twin):
    """A page that is not escaped is noticed, and so is each payload that can be more
    than text, where text stands and where an attribute does."""
    due = elements(twin)[0]
    holds("&lt;" in page, "there is nothing to escape")
    found, _, _ = elements(page.replace("&lt;", "<"))
    holds(differs(found, due), "a page with < instead of &lt; is passed")
    inside = "<!DOCTYPE html><html><head><title>x</title></head><body><p>{}</p></body></html>"
    label = inside.format('<b title="{}">x</b>')
    noticed = 0
    for context, telling in ((inside, rb"<[A-Za-z/!?]"), (label, rb'"')):
        plain = elements(context.format("x"))[0]
        for payload in PAYLOADS:
            if is_long(payload) or not re.search(telling, payload):
                continue
            found, _, errors = elements(context.replace("{}", shown(payload)))
            holds(errors or differs(found, plain), f"{payload[:80]!r} is passed where it is not escaped")
            noticed += 1
    holds(noticed > 150, f"only {noticed} payloads can be more than text")
    raw = tokens("\n\n".join(shown(payload) for payload in PAYLOADS if not is_long(payload)))[0]
    holds(any("html_" in what for what in raw), "raw HTML in Markdown is not noticed")
    return noticed
