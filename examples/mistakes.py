"""What mypy refuses with the plugin on. The comments below a line are mypy's word on it."""

from dataclasses import dataclass

from awaits import Await, awaitable, awaitable_nowait, awaitable_wait


@dataclass
class Point:
    """Two numbers."""

    x: float
    y: float

    def scaled(self, factor: float) -> "Point":
        """Return the point that many times as far from the origin."""
        return Point(self.x * factor, self.y * factor)


def draw(point: Point) -> None:
    """Stand for a function that wants a real Point."""


def mistakes(point: Await[Point], maybe: Await[Point | None]) -> None:
    """Use an Await as a Point was not meant to be used."""
    point.z
    # error: "Point" has no attribute "z"  [attr-defined]
    point.scaled("twice")
    # error: Argument 1 to "scaled" of "Point" has incompatible type "str"; expected "float"  [arg-type]
    point.x = "far"
    # error: Incompatible types in assignment (expression has type "str", variable has type "float")  [assignment]
    point + 1
    # error: Unsupported operand types for + ("Point" and "int")  [operator]
    point[0]
    # error: Value of type "Point" is not indexable  [index]
    dict(zip(point, "xy", strict=True))
    # error: Argument 1 to "zip" has incompatible type "Await[Point]"; expected "Iterable[Never]"  [arg-type]
    name: str = point.x
    # error: Incompatible types in assignment (expression has type "float", variable has type "str")  [assignment]
    maybe.x
    # error: Item "None" of "Point | None" has no attribute "x"  [union-attr]
    draw(point)
    # error: Argument 1 to "draw" has incompatible type "Await[Point]"; expected "Point"  [arg-type]
    # note: Maybe you forgot to use "await"?
    awaitable_wait(Point(1, 2))
    # error: Argument 1 to "awaitable_wait" has incompatible type "Point"; expected "Await[Never]"  [arg-type]
    awaitable(3)
    # error: Argument 1 to "awaitable" has incompatible type "int"; expected "Callable[[], Never]"  [arg-type]
    awaitable(Point, 1)
    # error: Missing positional argument "y" in call to "awaitable"  [call-arg]
    awaitable_nowait(Point(1, 2)).scaled()
    # error: Missing positional argument "factor" in call to "scaled" of "Point"  [call-arg]
    Await()
    # error: Missing positional argument "use_awaitable_instead" in call to "Await"  [call-arg]


if __name__ == "__main__":
    print(
        "These mistakes are for mypy to find: run mypy examples/mistakes.py, in the folder above this one"
    )
