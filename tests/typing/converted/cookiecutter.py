"""cookiecutter: eleven values."""

import re
import shutil
from pathlib import Path

from .program import Program, Use

# docs/proof.md shows a part of it.
CHANGE = """\
--- cookiecutter/cli.py
+++ cookiecutter/cli.py
@@
 import click
+from awaits import awaitable
@@
-            password=os.environ.get('COOKIECUTTER_REPO_PASSWORD'),
+            password=awaitable(os.environ.get, 'COOKIECUTTER_REPO_PASSWORD'),
--- cookiecutter/config.py
+++ cookiecutter/config.py
@@
 import yaml
+from awaits import awaitable
@@
-USER_CONFIG_PATH = os.path.expanduser('~/.cookiecutterrc')
+USER_CONFIG_PATH = awaitable(os.path.expanduser, '~/.cookiecutterrc')
--- cookiecutter/generate.py
+++ cookiecutter/generate.py
@@
+from awaits import awaitable
 from binaryornot.check import is_binary
@@
-    env = create_env_with_context(context)
+    env = awaitable(create_env_with_context, context)
@@
-    rendered_dirname = name_tmpl.render(**context)
+    rendered_dirname = awaitable(name_tmpl.render, **context)
--- cookiecutter/hooks.py
+++ cookiecutter/hooks.py
@@
+from awaits import awaitable
 from jinja2.exceptions import UndefinedError
@@
-    contents = Path(script_path).read_text(encoding='utf-8')
+    contents = awaitable(Path(script_path).read_text, encoding='utf-8')
--- cookiecutter/main.py
+++ cookiecutter/main.py
@@
 from typing import Any
+
+from awaits import awaitable
@@
-    config_dict = get_user_config(
+    config_dict = awaitable(
+        get_user_config,
@@
-                context_from_replayfile = load(config_dict['replay_dir'], template_name)
+                context_from_replayfile = awaitable(load, config_dict['replay_dir'], template_name)
@@
-                context_from_replayfile = load(path, template_name)
+                context_from_replayfile = awaitable(load, path, template_name)
@@
-        context = generate_context(
+        context = awaitable(
+            generate_context,
             context_file=context_file,
             default_context=config_dict['default_context'],
             extra_context=None,
@@
-        context = generate_context(
+        context = awaitable(
+            generate_context,
             context_file=context_file,
             default_context=config_dict['default_context'],
             extra_context=extra_context,
--- cookiecutter/replay.py
+++ cookiecutter/replay.py
@@
+from awaits import awaitable
 from cookiecutter.utils import make_sure_path_exists
@@
-    replay_file = get_file_name(replay_dir, template_name)
+    replay_file = awaitable(get_file_name, replay_dir, template_name)

     with open(replay_file, 'w', encoding="utf-8") as outfile:
--- cookiecutter/zipfile.py
+++ cookiecutter/zipfile.py
@@
-import requests
+from awaits import awaitable, lazy_import
@@
 from cookiecutter.utils import make_sure_path_exists
+
+requests = lazy_import("requests")
@@
-            unzip_base = tempfile.mkdtemp()
+            unzip_base = awaitable(tempfile.mkdtemp)
"""


def set_up(folder: Path) -> None:
    """Write the templates and settings that the uses need."""
    template = folder / "template"
    for name, text in {
        "cookiecutter.json": '{"name": "made"}',
        "hooks/pre_gen_project.py": "print('{{cookiecutter.name}}')",
        "{{cookiecutter.name}}/README.md": "# {{cookiecutter.name}}\n",
        "{{cookiecutter.name}}/{{cookiecutter.name}}/data.txt": "{{cookiecutter.name}}\n",
    }.items():
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        (template / name).write_text(text)
    several = folder / "templates"
    shutil.copytree(template, several / "one")
    (several / "cookiecutter.json").write_text(
        '{"templates": {"one": {"path": "./one", "title": "One"}}}'
    )
    (folder / "home").mkdir()
    settings = folder / "home with settings"
    (settings / ".cookiecutter_replay").mkdir(parents=True)
    (settings / ".cookiecutter_replay/template.json").write_text(
        '{"cookiecutter": {"name": "replayed"}}'
    )
    (settings / ".cookiecutterrc").write_text("default_context: {name: configured}\n")
    shutil.make_archive(str(folder / "archive"), "zip", folder, "template")
    # zipfile cannot encrypt, but asks for the password where this flag is set.
    archive = bytearray((folder / "archive.zip").read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        for found in re.finditer(re.escape(header), archive):
            archive[found.start() + flags] |= 1
    (folder / "locked.zip").write_bytes(archive)


def use(*arguments: str, home: str = "home", typed: str = "", password: str | None = None) -> Use:
    """Return a use that makes its project in the folder that is compared."""
    variables = {} if password is None else {"COOKIECUTTER_REPO_PASSWORD": password}
    return Use(("--output-dir", "made", *arguments), home, typed, variables)


SETTINGS = "home with settings"
COOKIECUTTER = Program(
    name="cookiecutter",
    version="2.7.1",
    stubs=("types-requests", "types-PyYAML"),
    change=CHANGE,
    set_up=set_up,
    uses=[
        use("--no-input", "template"),
        use("--no-input", "template", home=SETTINGS),
        use("--no-input", "--config-file", f"{SETTINGS}/.cookiecutterrc", "template"),
        use("--replay", "template", home=SETTINGS),
        use("--no-input", "templates"),
        use("--no-input", "archive.zip"),
        use("--no-input", "locked.zip"),
        use("--no-input", "locked.zip", password="wrong"),
        use("locked.zip", typed="wrong\nwrong\nwrong\n"),
    ],
)
