"""What the site needs beside the pages in docs/: a hook of mkdocs (`hooks` in mkdocs.yml).

The pages link to one another and to files of the repository as a code host shows them. On the site the
README and its neighbours are pages too, and a link to any other file is the text of that link. A code
host needs a backslash before `|` in the code of a table, and the site would show it. Numbers such as
3 / 2 / 0 in a table stay on one line.
"""

import posixpath
import re
from functools import partial
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
SOURCES = {page: source for source, page in PAGES.items()}
ROW = re.compile(r"^\|.*$", re.MULTILINE)
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> None:
    """Show the version at the head of each page."""
    text = (ROOT / "awaits/__init__.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__.* = "(.*?)"', text, re.MULTILINE)
    config.site_name = f"{config.site_name} {version}"


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the pages that are not in docs/."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write a page as the site needs it: links to files of the repository, and `|` in tables."""
    markdown = ROW.sub(_row_of_the_site, markdown)
    return LINK.sub(partial(_of_the_site, page.file.src_uri), markdown)


def _row_of_the_site(row: re.Match[str]) -> str:
    unescaped = re.sub("`[^`]+`", lambda code: code[0].replace(r"\|", "|"), row[0])
    return re.sub(r"(?<=\d) / (?=\d)", "&nbsp;/&nbsp;", unescaped)


def _of_the_site(page: str, link: re.Match[str]) -> str:
    source = SOURCES.get(page, f"docs/{page}")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link["target"]))
    if not (ROOT / target).exists():
        return link[0]  # code that looks like a link; or a broken one, of which mkdocs tells
    if target not in PAGES and not target.startswith("docs/"):
        return link["text"]
    there = PAGES.get(target, target.removeprefix("docs/"))
    path = posixpath.relpath(there, posixpath.dirname(page) or ".")
    return f"[{link['text']}]({path}{link['anchor'] or ''})"
