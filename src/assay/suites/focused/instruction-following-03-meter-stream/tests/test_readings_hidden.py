import ast
import inspect
from datetime import date, datetime
from itertools import count, islice

from readings import Usage, daily_totals, meters, parse_reading, read_usages

GIVEN = {"parse_reading", "meters", "_parse_moment", "day"}
ASKED = {"read_usages", "daily_totals"}
IMPORTS = {
    ("__future__", "annotations"),
    ("collections.abc", "Callable"),
    ("collections.abc", "Iterable"),
    ("collections.abc", "Iterator"),
    ("dataclasses", "dataclass"),
    ("datetime", "date"),
    ("datetime", "datetime"),
}


def at(hour, day=1):
    return datetime(2026, 3, day, hour)


def run(lines):
    """All usages and all errors of some lines."""
    errors = []
    return list(read_usages(lines, lambda number, text: errors.append((number, text)))), errors


def counted(items, seen):
    for item in items:
        seen.append(item)
        yield item


def tree_of(workspace):
    return ast.parse((workspace / "readings.py").read_text(encoding="utf-8"))


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_usage_between_readings():
    found, errors = run(["2026-03-01 08:00;main;100\n", "2026-03-01 09:00;main;130\n", "2026-03-01 11:00;main;135\n"])
    assert found == [Usage("main", at(8), at(9), 30), Usage("main", at(9), at(11), 5)]
    assert errors == []


def test_meters_come_mixed():
    found, errors = run(
        ["2026-03-01 09:00;a;10", "2026-03-01 08:00;b;500", "2026-03-01 10:00;a;11", "2026-03-01 09:00;b;500"]
    )
    assert found == [Usage("a", at(9), at(10), 1), Usage("b", at(8), at(9), 0)]
    assert errors == []


def test_counter_wraps():
    found, _ = run(["2026-03-01 08:00;main;99990", "2026-03-01 09:00;main;15", "2026-03-01 10:00;main;00015"])
    assert [usage.amount for usage in found] == [25, 0]


def test_skipped_lines_count():
    found, errors = run(
        ["# gateway 7", "", "2026-03-01 08:00;main;1", "  \t", "   # pause", "oops", "2026-03-01 09:00;main;3"]
    )
    assert [usage.amount for usage in found] == [2]
    assert errors == [(6, "1 fields instead of 3")]


def test_refused_lines_are_reported():
    lines = [
        "2026-03-01 08:00;main;1",
        "2026-03-01 25:00;main;2",
        "2026-03-01 09:00; ;2",
        "2026-03-01 10:00;main;x",
        "2026-03-01 11:00;main;4",
    ]
    found, errors = run(lines)
    assert found == [Usage("main", at(8), at(11), 3)]
    assert errors == [(2, "no moment: 2026-03-01 25:00"), (3, "no meter"), (4, "no counter value: x")]


def test_readings_out_of_order():
    lines = [
        "2026-03-01 09:00;main;10",
        "2026-03-01 08:00;main;7",
        "2026-03-01 09:00;main;11",
        "2026-03-01 10:00;main;14",
    ]
    found, errors = run(lines)
    assert found == [Usage("main", at(9), at(10), 4)]
    assert errors == [
        (2, "main: 2026-03-01 08:00 is not after 2026-03-01 09:00"),
        (3, "main: 2026-03-01 09:00 is not after 2026-03-01 09:00"),
    ]


def test_usage_that_is_too_large():
    lines = [
        "2026-03-01 08:00;main;0",
        "2026-03-01 09:00;main;5000",
        "2026-03-01 10:00;main;12000",
        "2026-03-01 11:00;main;12001",
    ]
    found, errors = run(lines)
    assert found == [Usage("main", at(8), at(9), 5000), Usage("main", at(10), at(11), 1)]
    assert errors == [(3, "main: a usage of 7000 is too large")]


def test_small_step_back_is_a_usage_that_is_too_large():
    found, errors = run(["2026-03-01 08:00;main;100", "2026-03-01 09:00;main;99"])
    assert found == []
    assert errors == [(2, "main: a usage of 99999 is too large")]


def test_daily_totals():
    usages = [
        Usage("a", at(8), at(9), 2),
        Usage("b", at(8), at(9), 3),
        Usage("a", at(9), at(7, day=2), 4),
        Usage("b", at(9), at(8, day=2), 0),
        Usage("a", at(7, day=2), at(9, day=3), 0),
        Usage("b", at(8), at(23), 1),
    ]
    totals = list(daily_totals(usages))
    assert totals == [(date(2026, 3, 1), 5), (date(2026, 3, 2), 4), (date(2026, 3, 3), 0), (date(2026, 3, 1), 1)]


def test_nothing_gives_nothing():
    assert list(daily_totals([])) == []
    assert run([]) == ([], [])
    assert run(["2026-03-01 08:00;main;1"]) == ([], [])


def test_rule_1_usages_are_a_stream():
    seen, errors = [], []
    lines = ["2026-03-01 08:00;main;1", "oops", "2026-03-01 09:00;main;3", "2026-03-01 10:00;main;4", "oops again"]
    stream = read_usages(counted(lines, seen), lambda number, text: errors.append(number))
    assert inspect.isgenerator(stream)
    assert len(seen) == 0
    assert next(stream).amount == 2
    assert (len(seen), errors) == (3, [2])
    assert next(stream).amount == 1
    assert (len(seen), errors) == (4, [2])


def test_rule_1_days_are_a_stream_without_end():
    usages = (Usage("main", at(8), at(9, day=1 + number // 3), 1) for number in count())
    seen = []
    stream = daily_totals(counted(islice(usages, 60), seen))
    assert inspect.isgenerator(stream)
    assert next(stream) == (date(2026, 3, 1), 3)
    assert len(seen) == 4
    assert next(stream) == (date(2026, 3, 2), 3)
    assert len(seen) == 7


def test_rule_2_imports(workspace):
    found = set()
    for node in ast.walk(tree_of(workspace)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(getattr(node, "module", None), alias.name) for alias in node.names}
    assert found == IMPORTS


def test_rule_3_short_functions(workspace):
    lengths = {node.name: node.end_lineno - node.lineno + 1 for node in functions_of(tree_of(workspace))}
    assert {name: length for name, length in lengths.items() if length > 20} == {}


def test_rule_4_no_else(workspace):
    found = set()
    for node in ast.walk(tree_of(workspace)):
        if isinstance(node, ast.If | ast.For | ast.While | ast.Try | ast.AsyncFor) and node.orelse:
            found.add(node.lineno)
    assert found == set()


def test_rule_5_narrow_try(workspace):
    for node in ast.walk(tree_of(workspace)):
        if isinstance(node, ast.Try):
            assert len(node.body) == 1
            assert not node.finalbody
            for handler in node.handlers:
                assert isinstance(handler.type, ast.Name | ast.Attribute)
                assert ast.unparse(handler.type) not in ("Exception", "BaseException")


def test_rule_6_new_names_are_private(workspace):
    names = {node.name for node in functions_of(tree_of(workspace))}
    assert names >= GIVEN | ASKED
    assert {name for name in names - GIVEN - ASKED if not name.startswith("_")} == set()


def test_rule_7_types_everywhere(workspace):
    for node in functions_of(tree_of(workspace)):
        rest = [extra for extra in (node.args.vararg, node.args.kwarg) if extra is not None]
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]
        assert [one.arg for one in parameters if one.annotation is None and one.arg != "self"] == [], node.name
        assert node.returns is not None, node.name


def test_rule_7_docstrings(workspace):
    for node in functions_of(tree_of(workspace)):
        text = ast.get_docstring(node)
        assert text, node.name
        first = text.splitlines()[0]
        assert len(first) <= 72, node.name
        assert first.endswith("."), node.name


def test_what_was_there_still_works():
    readings = [parse_reading("2026-03-01 08:00;b;1"), parse_reading("2026-03-01 08:00;a;1")]
    assert list(meters(readings)) == ["b", "a"]
