import pytest
from cells import CycleError, Sheet, UnknownCellError


def test_computes_from_inputs():
    sheet = Sheet()
    sheet.set("a", 1)
    sheet.define("b", lambda read: read("a") + 1)
    sheet.define("c", lambda read: read("b") * 10)
    assert sheet.get("c") == 20
    sheet.set("a", 2)
    assert sheet.get("c") == 30


def test_runs_only_when_needed():
    runs = []
    sheet = Sheet()
    sheet.set("a", 1)
    sheet.set("other", 1)
    sheet.define("sign", lambda read: runs.append("sign") or read("a") > 0)
    sheet.define("text", lambda read: runs.append("text") or str(read("sign")))
    sheet.get("text")
    sheet.set("other", 2)
    sheet.get("text")
    assert runs == ["text", "sign"]
    sheet.set("a", 5)
    assert sheet.get("text") == "True"
    assert runs == ["text", "sign", "sign"]


def test_reads_may_differ_from_run_to_run():
    sheet = Sheet()
    sheet.set("which", "a")
    sheet.set("a", 1)
    sheet.set("b", 2)
    sheet.define("c", lambda read: read(read("which")))
    assert sheet.get("c") == 1
    sheet.set("which", "b")
    assert sheet.get("c") == 2
    sheet.set("b", 3)
    assert sheet.get("c") == 3


def test_unknown_cell():
    with pytest.raises(UnknownCellError):
        Sheet().get("nothing")


def test_cycle():
    sheet = Sheet()
    sheet.define("a", lambda read: read("b"))
    sheet.define("b", lambda read: read("a"))
    with pytest.raises(CycleError):
        sheet.get("a")


def test_names():
    sheet = Sheet()
    sheet.set("b", 1)
    sheet.define("a", lambda read: read("b"))
    assert sheet.names() == ["a", "b"]
    sheet.remove("b")
    assert sheet.names() == ["a"]
