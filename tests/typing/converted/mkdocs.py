"""MkDocs: twelve values."""

from pathlib import Path

from .program import Program, Use

# docs/proof.md shows a part of it.
CHANGE = """\
--- mkdocs/commands/build.py
+++ mkdocs/commands/build.py
@@
 from jinja2.exceptions import TemplateNotFound
+from awaits import awaitable
@@
-        build_date_utc=utils.get_build_datetime(),
+        build_date_utc=awaitable(utils.get_build_datetime),
@@
-        output_path = os.path.join(config.site_dir, template_name)
+        output_path = awaitable(os.path.join, config.site_dir, template_name)
@@
-        template = env.get_template(page.meta.get('template', 'main.html'))
+        template = awaitable(env.get_template, page.meta.get('template', 'main.html'))
--- mkdocs/commands/gh_deploy.py
+++ mkdocs/commands/gh_deploy.py
@@
-from packaging import version
+from awaits import lazy_import
@@
 from mkdocs.exceptions import Abort
+
+version = lazy_import("packaging.version")
--- mkdocs/commands/new.py
+++ mkdocs/commands/new.py
@@
 import os
+from awaits import awaitable
@@
-    docs_dir = os.path.join(output_dir, 'docs')
+    docs_dir = awaitable(os.path.join, output_dir, 'docs')
--- mkdocs/contrib/search/__init__.py
+++ mkdocs/contrib/search/__init__.py
@@
+from awaits import awaitable
 from mkdocs import utils
@@
-        search_index = self.search_index.generate_search_index()
+        search_index = awaitable(self.search_index.generate_search_index)
--- mkdocs/structure/pages.py
+++ mkdocs/structure/pages.py
@@
+from awaits import awaitable
 from mkdocs import utils
@@
-        self.update_date: str = get_build_date()
+        self.update_date = awaitable(get_build_date)
@@
-            self.canonical_url = canonical_url = urljoin(base, self.url)
+            canonical_url = awaitable(urljoin, base, self.url)
+            self.canonical_url = canonical_url
--- mkdocs/theme.py
+++ mkdocs/theme.py
@@
+from awaits import awaitable
 from mkdocs import localization, utils
@@
-        mkdocs_templates = os.path.join(package_dir, 'templates')
+        mkdocs_templates = awaitable(os.path.join, package_dir, 'templates')
@@
-        _vars['locale'] = localization.parse_locale(locale)
+        _vars['locale'] = awaitable(localization.parse_locale, locale)
@@
-        theme_dir = utils.get_theme_dir(name)
+        theme_dir = awaitable(utils.get_theme_dir, name)
--- mkdocs/utils/__init__.py
+++ mkdocs/utils/__init__.py
@@
+from awaits import awaitable
 from mkdocs import exceptions
@@
-_ERROR_TEMPLATE_RE = re.compile(r'^\\d{3}\\.html?$')
+_ERROR_TEMPLATE_RE = awaitable(re.compile, r'^\\d{3}\\.html?$')
"""


def set_up(folder: Path) -> None:
    """Write the settings and pages of a site."""
    (folder / "home").mkdir()
    pages = folder / "docs"
    pages.mkdir()
    (pages / "index.md").write_text("# Tea\n\n[The kinds](kinds.md#black)\n")
    (pages / "kinds.md").write_text("title: Kinds of tea\n\n# Kinds\n\n## Black\n")
    (folder / "plain.yml").write_text("site_name: Tea\n")
    (folder / "with address.yml").write_text("site_name: Tea\nsite_url: https://tea.example/shop\n")
    (folder / "other theme.yml").write_text("site_name: Tea\ntheme: {name: readthedocs, locale: de}\n")


def build(settings: str, *arguments: str) -> Use:
    return Use(("build", "--site-dir", "made", "--config-file", settings, *arguments))


MKDOCS = Program(
    name="mkdocs",
    version="1.6.1",
    stubs=("babel", "types-Markdown", "types-PyYAML", "types-setuptools"),
    change=CHANGE,
    set_up=set_up,
    uses=[
        build("plain.yml"),
        build("plain.yml", "--strict", "--no-directory-urls"),
        build("with address.yml"),
        build("other theme.yml"),
        Use(("new", "made")),
        Use(("new", "made/new")),
    ],
    varying=r"built in [0-9.]+ seconds|Build Date UTC : .*",
)
