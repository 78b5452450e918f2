"""The measure of real code on Awaits finds what is planted for it, and nothing else."""

import ast
from pathlib import Path

import pytest

from ..runtime.everything.__main__ import compare
from ..runtime.everything.rewriting import rewritten

SOURCE = """\
@names.append
class Shelf(Base):
    size: "int" = len(names)
    def total(self, items, default=names.x):
        super().total(items)
        first: list.x = items[0]
        self.count += 1
        match first:
            case ast.Name():
                return f"{first.id!r} {first.args}"
        return -first + len(items)
"""
EXPECTED = """\
@names.append
class Shelf(Base):
    size: 'int' = len(names)

    def total(self, items, default=names.x):
        super().total(items)
        first: list.x = __wrap__(items)[0]
        __wrap__(self).count += __wrap__(1)
        match first:
            case ast.Name():
                return f'{__wrap__(first).id!r} {first.args}'
        return __wrap__(-__wrap__(first)) + __wrap__(__wrap__(len)(items))
"""
TESTS = """\
import multiprocessing
import unittest
class Toy(unittest.TestCase):
    def test_adds(self):
        self.assertEqual([1] + [2], [1, 2])
    def test_class(self):
        one = 1
        self.assertIs(type(1 + one), int)
        self.assertEqual(one.__class__, int)
    def test_planted(self):
        import json
        json.dumps([1]).strip().upper()
        self.assertEqual(len("abc"), 3)
        "%s" % Strict()
    def test_starts_a_process(self):
        process = multiprocessing.get_context("spawn").Process(target=print)
        process.start()
        process.join()
        self.assertEqual(process.exitcode, 0)
class Strict:
    def __rmod__(self, other):
        raise TypeError(other)
    def __str__(self):
        return "x"
class Broken(unittest.TestCase):
    def test_fails_on_plain_values(self):
        self.assertEqual(len("abc"), 4)
class Planted(unittest.TestCase):
    def test_asks_for_the_class(self):
        picky = Picky()
        picky += 1
        self.assertIs(picky, int)
class Picky:
    def __iadd__(self, other):
        return type(other)
"""


def test_values_are_wrapped_in_the_bodies_of_functions() -> None:
    assert ast.unparse(rewritten(SOURCE)) + "\n" == EXPECTED


@pytest.mark.parametrize("wrapper", ["pending", "complete"])
def test_a_test_changes_where_the_class_of_a_value_is_asked_for(wrapper: str, tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TESTS)
    found = compare("toy", wrapper, "toy", "unittest", ["toy"], tmp_path, [])
    assert {name: words.split()[0] for name, words in found.changed.items()} == {
        "toy.Planted.test_asks_for_the_class": "failed"
    }
    assert (found.tests, found.broken, found.left_alone) == (5, 1, 1)
