import random

import pytest
from cells import CycleError, Sheet, UnknownCellError


class Broken(Exception):
    pass


class Stop(BaseException):
    pass


def outcome(sheet, name):
    """The value of a cell, or the class of its failure."""
    try:
        return sheet.get(name)
    except Exception as error:
        return type(error)


def fraction_sheet():
    sheet = Sheet()
    sheet.set("total", 12)
    sheet.set("orders", 0)
    sheet.define("mean", lambda read: read("total") / read("orders"))
    return sheet


def fallback(source, replacement):
    def rule(read):
        try:
            return read(source)
        except Exception:
            return replacement

    return rule


def test_reported_case():
    sheet = fraction_sheet()
    assert outcome(sheet, "mean") is ZeroDivisionError
    sheet.set("orders", 4)
    assert sheet.get("mean") == 3.0


def test_failure_is_raised_each_time():
    sheet = fraction_sheet()
    assert [outcome(sheet, "mean") for _ in range(3)] == [ZeroDivisionError] * 3


def test_failure_passes_through_cells_between_and_recovers():
    sheet = fraction_sheet()
    sheet.define("rounded", lambda read: round(read("mean")))
    sheet.define("label", lambda read: f"mean {read('rounded')}")
    assert outcome(sheet, "label") is ZeroDivisionError
    sheet.set("orders", 6)
    assert sheet.get("label") == "mean 2"
    sheet.set("orders", 0)
    assert outcome(sheet, "label") is ZeroDivisionError
    sheet.set("orders", 3)
    assert sheet.get("label") == "mean 4"


def test_failed_rule_is_not_run_again_without_need():
    runs = []
    sheet = fraction_sheet()
    sheet.define("costly", lambda read: runs.append(1) or 1 / read("orders"))
    for number in range(4):
        assert outcome(sheet, "costly") is ZeroDivisionError
        sheet.set("unrelated", number)
    assert len(runs) == 1
    sheet.set("orders", 2)
    assert sheet.get("costly") == 0.5
    assert len(runs) == 2


def test_reader_of_a_failed_cell_is_not_run_again_without_need():
    runs = []
    sheet = fraction_sheet()
    sheet.define("label", lambda read: runs.append(1) or str(read("mean")))
    for number in range(4):
        assert outcome(sheet, "label") is ZeroDivisionError
        sheet.set("unrelated", number)
    assert len(runs) == 1


def test_caught_failure_recovers():
    sheet = fraction_sheet()
    sheet.define("shown", fallback("mean", "none"))
    assert sheet.get("shown") == "none"
    sheet.set("orders", 4)
    assert sheet.get("shown") == 3.0


def test_caught_failure_that_comes_later():
    sheet = fraction_sheet()
    sheet.set("orders", 4)
    sheet.define("shown", fallback("mean", "none"))
    assert sheet.get("shown") == 3.0
    sheet.set("orders", 0)
    assert sheet.get("shown") == "none"
    sheet.set("orders", 6)
    assert sheet.get("shown") == 2.0


def test_same_value_as_before_the_failure():
    sheet = fraction_sheet()
    sheet.set("orders", 4)
    assert sheet.get("mean") == 3.0
    sheet.set("orders", 0)
    sheet.define("shown", fallback("mean", "none"))
    assert sheet.get("shown") == "none"
    sheet.set("orders", 4)
    assert sheet.get("mean") == 3.0
    assert sheet.get("shown") == 3.0


def test_none_after_a_failure_is_a_change():
    sheet = Sheet()
    sheet.set("ok", False)
    sheet.define("value", lambda read: None if read("ok") else 1 / 0)
    sheet.define("shown", fallback("value", "failed"))
    assert sheet.get("shown") == "failed"
    sheet.set("ok", True)
    assert sheet.get("shown") is None


def test_cell_that_is_added_later():
    sheet = Sheet()
    sheet.define("panel", fallback("source", "waiting"))
    sheet.define("strict", lambda read: read("source"))
    assert sheet.get("panel") == "waiting"
    assert outcome(sheet, "strict") is UnknownCellError
    sheet.set("source", None)
    assert sheet.get("panel") is None
    assert sheet.get("strict") is None


def test_cell_that_is_removed_and_added_again():
    sheet = Sheet()
    sheet.set("source", 1)
    sheet.define("panel", fallback("source", "gone"))
    sheet.define("strict", lambda read: read("source"))
    assert (sheet.get("panel"), sheet.get("strict")) == (1, 1)
    sheet.remove("source")
    assert (sheet.get("panel"), outcome(sheet, "strict")) == ("gone", UnknownCellError)
    sheet.define("source", lambda read: 1)
    assert (sheet.get("panel"), sheet.get("strict")) == (1, 1)


def test_unknown_cells_are_not_listed_and_cannot_be_removed():
    sheet = Sheet()
    sheet.define("panel", fallback("source", "waiting"))
    sheet.get("panel")
    assert sheet.names() == ["panel"]
    with pytest.raises(UnknownCellError):
        sheet.remove("source")
    sheet.set("source", 1)
    sheet.remove("source")
    assert sheet.names() == ["panel"]
    with pytest.raises(UnknownCellError):
        sheet.remove("source")
    assert outcome(sheet, "source") is UnknownCellError


def test_failure_of_a_cell_that_is_no_longer_read():
    sheet = fraction_sheet()
    sheet.set("orders", 4)
    sheet.set("wanted", True)
    sheet.define("shown", lambda read: read("mean") if read("wanted") else "off")
    assert sheet.get("shown") == 3.0
    sheet.set("wanted", False)
    sheet.set("orders", 0)
    assert sheet.get("shown") == "off"


def test_later_reads_are_not_checked_when_an_earlier_one_changed():
    runs = []
    sheet = Sheet()
    sheet.set("wanted", True)
    sheet.set("a", 1)
    sheet.define("costly", lambda read: runs.append(1) or read("a"))
    sheet.define("shown", lambda read: read("costly") if read("wanted") else "off")
    sheet.get("shown")
    sheet.set("wanted", False)
    sheet.set("a", 2)
    assert sheet.get("shown") == "off"
    assert len(runs) == 1


def test_equal_values_do_not_run_readers():
    runs = []
    sheet = Sheet()
    sheet.set("a", 1)
    sheet.define("sign", lambda read: read("a") > 0)
    sheet.define("text", lambda read: runs.append(1) or str(read("sign")))
    for value in (1, 5, 7):
        sheet.set("a", value)
        assert sheet.get("text") == "True"
    assert len(runs) == 1


def test_caught_failure_that_stays_does_not_hide_other_changes():
    sheet = fraction_sheet()
    sheet.set("unit", "eur")
    sheet.define("shown", lambda read: f"{fallback('mean', 'none')(read)} {read('unit')}")
    assert sheet.get("shown") == "none eur"
    sheet.set("unit", "usd")
    assert sheet.get("shown") == "none usd"


def test_cycle_is_found_each_time_and_can_be_broken():
    sheet = Sheet()
    sheet.set("x", 0)
    sheet.define("a", lambda read: read("b") + 1)
    sheet.define("b", lambda read: read("a") + 1)
    sheet.define("c", lambda read: read("b") + 1)
    for number in range(3):
        sheet.set("x", number)
        assert [outcome(sheet, name) for name in "cab"] == [CycleError] * 3
    sheet.define("b", lambda read: 1)
    assert [outcome(sheet, name) for name in "cab"] == [2, 2, 1]


def test_cycle_that_comes_and_goes():
    sheet = Sheet()
    sheet.set("loop", False)
    sheet.define("a", lambda read: read("b") if read("loop") else 1)
    sheet.define("b", lambda read: read("a"))
    for loop, expected in ((False, 1), (True, CycleError), (True, CycleError), (False, 1)):
        sheet.set("loop", loop)
        assert [outcome(sheet, "b"), outcome(sheet, "a")] == [expected, expected]


def test_interruption_is_no_result():
    sheet = Sheet()
    interrupted = [True]

    def slow(read):
        value = read("a")
        if interrupted:
            raise Stop
        return value

    sheet.set("a", 1)
    sheet.define("slow", slow)
    sheet.define("shown", lambda read: read("slow"))
    for _ in range(2):
        with pytest.raises(Stop):
            sheet.get("shown")
    interrupted.clear()
    assert sheet.get("shown") == 1
    assert sheet.get("slow") == 1


def test_interruption_during_a_check_loses_nothing():
    sheet = Sheet()
    interrupted = []

    def slow(read):
        value = read("a")
        if interrupted:
            raise Stop
        return value

    sheet.set("a", 1)
    sheet.define("slow", slow)
    sheet.define("shown", fallback("slow", "none"))
    assert sheet.get("shown") == 1
    sheet.set("a", 2)
    interrupted.append(True)
    with pytest.raises(Stop):
        sheet.get("shown")
    interrupted.clear()
    assert sheet.get("shown") == 2


RULES = {
    "sum": lambda names: lambda read: sum(read(name) for name in names),
    "ratio": lambda names: lambda read: read(names[0]) // read(names[1]),
    "choose": lambda names: lambda read: read(names[1]) if read(names[0]) else read(names[2]),
    "guard": lambda names: fallback(names[0], -1),
    "guards": lambda names: lambda read: [fallback(name, -1)(read) for name in names].count(-1),
    "check": lambda names: lambda read: read(names[1]) if fallback(names[0], 0)(read) else 1 // read(names[2]),
}


def test_agrees_with_running_every_rule():
    source = random.Random(31)
    layers = ["a", "b", "c", "d", "e", "f", "g", "h"]
    for _ in range(150):
        sheet, model = Sheet(), {}

        def naive(name, model=model):
            if name not in model:
                raise UnknownCellError(name)
            kind, content = model[name]
            return content(naive) if kind == "rule" else content

        for _ in range(60):
            index = source.randrange(len(layers))
            name, action = layers[index], source.choice(["set", "set", "rule", "rule", "remove", "look", "look"])
            if action == "set" or (action == "rule" and index == 0):
                model[name] = ("value", source.randrange(3))
                sheet.set(name, model[name][1])
            elif action == "rule":
                names = [source.choice(layers[:index]) for _ in range(3)]
                model[name] = ("rule", RULES[source.choice(sorted(RULES))](names))
                sheet.define(name, model[name][1])
            elif action == "remove" and name in model:
                del model[name]
                sheet.remove(name)
            for name in source.sample(layers, 3):
                try:
                    expected = naive(name)
                except Exception as error:
                    expected = type(error)
                assert outcome(sheet, name) == expected
