"""The plugin's error codes are turned on, off and ignored in every way in which mypy's own are."""

from collections.abc import Mapping
from pathlib import Path

import mypy.version
import pytest

from .conftest import RunMypy

MINOR = tuple(map(int, mypy.version.__version__.split(".")[:2]))
needs_codes_of_plugins = pytest.mark.skipif(
    MINOR < (1, 19), reason="mypy 1.17 and 1.18 refuse in a configuration the codes of a plugin"
)

HOT = """\
from inspect import isclass
from awaits import Await
def use(xs: Await[list[int]], error: Await[ValueError], kind: Await[type[int]]) -> int:
    isclass(kind)
    isinstance(xs, list)
    error.args()
    return len(xs)
"""
FILES = {"hot.py": HOT, "cold.py": HOT}
ON = {"by-class", "hidden", "isinstance"}
DEFAULT = {"hot": ON, "cold": ON}
BOTH = {"hot": {*ON, "implicit"}, "cold": {*ON, "implicit"}}
IN_HOT = {**DEFAULT, "hot": BOTH["hot"]}
PLUGIN = "plugins = awaits_mypy\n"


def found(
    run_mypy: RunMypy, folder: Path, config: str, *arguments: str, name: str = "mypy.ini", **files: str
) -> dict[str, set[str]]:
    """Return what mypy reports with the codes of the plugin, by module."""
    (folder / name).write_text(config)
    for file, text in {**FILES, **files}.items():
        (folder / file).write_text(text)
    # What mypy knows of the standard library is kept from one test to the next.
    result = run_mypy(
        folder, "hot.py", "cold.py", "--cache-dir", str(folder.parent / "cache"), *arguments
    )
    assert not result.stderr
    lines = result.stdout.splitlines()
    return {
        module: {line.rpartition("[await-")[2][:-1] for line in lines if line.startswith(f"{module}.py")}
        for module in ("hot", "cold")
    }


@needs_codes_of_plugins
@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("mypy.ini", f"[mypy]\n{PLUGIN}", DEFAULT),
        ("mypy.ini", f"[mypy]\n{PLUGIN}enable_error_code = await-implicit\n", BOTH),
        ("setup.cfg", f"[mypy]\n{PLUGIN}enable_error_code = await-implicit\n", BOTH),
        (
            "pyproject.toml",
            '[tool.mypy]\nplugins = ["awaits_mypy"]\nenable_error_code = ["await-implicit"]\n',
            BOTH,
        ),
        ("mypy.ini", f"[mypy]\n{PLUGIN}[mypy-hot]\nenable_error_code = await-implicit\n", IN_HOT),
        (
            "pyproject.toml",
            '[tool.mypy]\nplugins = ["awaits_mypy"]\n[[tool.mypy.overrides]]\n'
            'module = "hot"\nenable_error_code = ["await-implicit"]\n',
            IN_HOT,
        ),
        (
            "mypy.ini",
            f"[mypy]\n{PLUGIN}enable_error_code = await-implicit\n"
            "[mypy-cold]\ndisable_error_code = await-implicit\n",
            IN_HOT,
        ),
        (
            "mypy.ini",
            f"[mypy]\n{PLUGIN}disable_error_code = await-by-class, await-hidden, await-isinstance\n",
            {"hot": set(), "cold": set()},
        ),
        (
            "mypy.ini",
            f"[mypy]\n{PLUGIN}[mypy-cold]\ndisable_error_code = await-hidden\n",
            {**DEFAULT, "cold": {"by-class", "isinstance"}},
        ),
    ],
)
def test_code_is_turned_on_and_off_by_a_configuration(
    name: str, config: str, expected: Mapping[str, set[str]], tmp_path: Path, run_mypy: RunMypy
) -> None:
    assert found(run_mypy, tmp_path, config, name=name) == expected


@needs_codes_of_plugins
def test_code_is_turned_on_and_off_by_the_command_line(tmp_path: Path, run_mypy: RunMypy) -> None:
    arguments = ("--enable-error-code", "await-implicit", "--disable-error-code", "await-hidden")
    expected = {module: {"by-class", "implicit", "isinstance"} for module in ("hot", "cold")}
    assert found(run_mypy, tmp_path, f"[mypy]\n{PLUGIN}", *arguments) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"# mypy: enable-error-code=await-implicit\n{HOT}", BOTH["hot"]),
        (f'# mypy: disable-error-code="await-by-class, await-hidden, await-isinstance"\n{HOT}', set()),
        (
            f"# mypy: enable-error-code=await-implicit\n{HOT}".replace(
                "(xs)\n", "(xs)  # type: ignore[await-implicit]\n"
            ),
            DEFAULT["hot"],
        ),
        (HOT.replace("args()", "args()  # type: ignore[await-hidden]"), ON - {"hidden"}),
        (HOT.replace("list)", "list)  # type: ignore[await-isinstance]"), ON - {"isinstance"}),
        (HOT.replace("(kind)", "(kind)  # type: ignore[await-by-class]"), ON - {"by-class"}),
    ],
)
def test_code_is_turned_on_and_off_in_a_file(
    text: str, expected: set[str], tmp_path: Path, run_mypy: RunMypy
) -> None:
    config = f"[mypy]\n{PLUGIN}warn_unused_ignores = true\n"
    assert found(run_mypy, tmp_path, config, **{"hot.py": text}) == {**DEFAULT, "hot": expected}
