import ast
import copy
import hashlib
import importlib.util
import inspect
from collections import Counter

import migrations
import pytest
from documents import DocumentError
from migrations import migrate, pending
from registry import STEPS

FROZEN = {
    "documents.py": "cece346f8851bde744161b688528078cbe729398303775ddc34e28fff15b33c6",
    "registry.py": "579dbd3a169a9742d2b85e4db1b8067a34d809adc36a59a5be5ab171e7a1670d",
    "STYLE.md": "e3f47c77a3f463624c23de5eca3be0ea0cd4dadb419b6c3861cca9f418f3c9cc",
}
FILES = {*FROZEN, "migrations.py", "test_migrations.py", "CHANGES.md"}
MUTATING = {
    *("append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update"),
}
TEXTS = {
    3: "Folders say whether they are recursive",
    4: "The server is a section",
    5: "Copies are kept by day and by week",
}
CHANGES = """\
# Changes of the settings file

## 5

- Copies are kept by day and by week.

## 4

- The server is a section.

## 3

- Folders say whether they are recursive.

## 2

- The interval is a number of hours.

## 1

- The first version.
"""
GIVEN_TESTS = """
import pytest
from documents import DocumentError
from migrations import LATEST, migrate


def test_to_version_2():
    assert migrate({"interval": "6h"})["schedule"] == {"hours": 6}


def test_interval_that_is_no_number():
    with pytest.raises(DocumentError, match="interval: not a number of hours: daily"):
        migrate({"interval": "daily"})


def test_version_that_is_not_known():
    with pytest.raises(DocumentError, match="version is not known: 99"):
        migrate({"version": 99})


def test_document_is_not_changed():
    document = {"interval": "6h", "note": "keep me"}
    assert migrate(document)["version"] == LATEST
    assert document == {"interval": "6h", "note": "keep me"}
"""


def tree_of(workspace, name="migrations.py"):
    return ast.parse((workspace / name).read_text(encoding="utf-8"))


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def entries(document):
    """Keys and values in their order, sections too."""
    if isinstance(document, dict):
        return [(key, entries(value)) for key, value in document.items()]
    return [entries(value) for value in document] if isinstance(document, list) else document


def error_of(document, **options):
    with pytest.raises(DocumentError) as caught:
        migrate(document, **options)
    return str(caught.value)


def test_folders():
    document = {"a": 1, "folders": ["/home/*", "/etc", "/x/*/y", "/*"], "version": 2, "b": 2}
    wanted = [
        {"path": "/home", "recursive": False},
        {"path": "/etc", "recursive": True},
        {"path": "/x/*/y", "recursive": True},
        {"path": "", "recursive": False},
    ]
    assert entries(migrate(document, to=3)) == entries({"a": 1, "folders": wanted, "version": 3, "b": 2})
    assert migrate({"version": 2, "x": 1}, to=3) == {"version": 3, "x": 1}
    assert migrate({"version": 2, "folders": []}, to=3) == {"version": 3, "folders": []}


def test_server():
    document = {"user": "eva", "server": "box.example:2222", "version": 3, "b": 2}
    wanted = {"server": {"host": "box.example", "port": 2222, "user": "eva"}, "version": 4, "b": 2}
    assert entries(migrate(document, to=4)) == entries(wanted)
    assert migrate({"version": 3, "server": "box"}, to=4) == {"version": 4, "server": {"host": "box", "port": 22}}
    assert migrate({"version": 3, "user": "eva"}, to=4) == {"version": 4, "user": "eva"}


def test_copies():
    document = {"keep": 3, "version": 4, "schedule": {"hours": 48, "at": "8:00"}, "z": 0}
    wanted = {"keep": {"daily": 3, "weekly": 0}, "version": 5, "schedule": {"at": "8:00", "days": 2}, "z": 0}
    assert entries(migrate(document)) == entries(wanted)
    other = {"version": 4, "schedule": {"hours": 36}, "z": 0}
    wanted = {"version": 5, "schedule": {"hours": 36}, "z": 0, "keep": {"daily": 7, "weekly": 4}}
    assert entries(migrate(other)) == entries(wanted)
    assert migrate({"version": 4, "keep": 1}) == {"version": 5, "keep": {"daily": 1, "weekly": 0}}


def test_all_the_way():
    document = {"interval": "24h", "folders": ["/home"], "server": "box", "user": "eva", "keep": 9, "note": "n"}
    wanted = {
        "folders": [{"path": "/home", "recursive": True}],
        "server": {"host": "box", "port": 22, "user": "eva"},
        "keep": {"daily": 9, "weekly": 0},
        "note": "n",
        "schedule": {"days": 1},
        "version": 5,
    }
    assert migrate(document) == wanted
    assert migrate(migrate(document, to=3)) == wanted
    assert migrate(wanted) == wanted
    assert migrations.LATEST == 5


def test_errors_of_steps():
    assert error_of({"version": 2, "folders": ["/home", 7]}) == "folders: not a text: 7"
    assert error_of({"version": 3, "server": "box:ssh"}) == "server: not a port: ssh"
    assert error_of({"version": 3, "server": "box:22:33"}) == "server: not a port: 22:33"
    for port in ("0", "65536", "-1", "\u0662", "2_2"):
        assert error_of({"version": 3, "server": f"box:{port}"}) == f"server: not a port: {port}"
    for copies in (0, -2, "3", None, 1.5):
        assert error_of({"version": 4, "keep": copies}) == f"keep: not a number of copies: {copies}"


def test_ports_at_the_limits():
    assert migrate({"version": 3, "server": "box:1"}, to=4)["server"] == {"host": "box", "port": 1}
    assert migrate({"version": 3, "server": "box:65535"}, to=4)["server"] == {"host": "box", "port": 65535}


def test_versions():
    assert error_of({"version": 9}, to=7) == "version is not known: 9"
    assert error_of({"version": 0}) == "version is not known: 0"
    assert error_of({"version": 4}, to=6) == "version is not known: 6"
    assert error_of({"version": 4}, to=0) == "version is not known: 0"
    assert error_of({"version": 4}, to=2) == "cannot go back from 4 to 2"
    assert migrate({"version": 4, "keep": 1}, to=4) == {"version": 4, "keep": 1}
    assert migrate({"interval": "6h"}, to=2) == {"schedule": {"hours": 6}, "version": 2}


def test_pending():
    lines = [f"{version}: {text}" for version, text in TEXTS.items()]
    assert pending({"version": 2}) == lines
    assert pending({}) == ["2: The interval is a number of hours", *lines]
    assert pending({"version": 5, "keep": "whatever"}) == []
    with pytest.raises(DocumentError) as caught:
        pending({"version": 6})
    assert str(caught.value) == "version is not known: 6"


def test_signatures():
    target = inspect.signature(migrate).parameters["to"]
    assert (target.kind.name, target.default) == ("KEYWORD_ONLY", 5)
    assert list(inspect.signature(migrate).parameters) == ["document", "to"]
    assert list(inspect.signature(pending).parameters) == ["document"]


def test_steps_are_registered_in_order(workspace):
    names = [node.name for node in tree_of(workspace).body if isinstance(node, ast.FunctionDef)]
    steps = [f"to_version_{version}" for version in range(2, 6)]
    assert [name for name in names if name in steps] == steps
    assert {version: function.__name__ for version, function in STEPS.items()} == dict(
        zip(range(2, 6), steps, strict=True)
    )
    assert {version: STEPS[version].__doc__ for version in TEXTS} == TEXTS


def test_rule_1_frozen_files_and_no_new_ones(workspace):
    found = {name: hashlib.sha256((workspace / name).read_bytes()).hexdigest() for name in FROZEN}
    assert found == FROZEN
    assert {path.name for path in workspace.iterdir() if not path.name.startswith((".", "__"))} == FILES


def test_rule_2_imports(workspace):
    nodes = list(ast.walk(tree_of(workspace)))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert modules - {"__future__", "typing", "documents", "registry"} == set()


def test_rule_3_no_change_in_place(workspace):
    nodes = list(ast.walk(tree_of(workspace)))
    changed = [
        node for node in nodes if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load)
    ]
    assert [ast.unparse(node) for node in changed] == []
    assert [node.lineno for node in nodes if isinstance(node, ast.Delete)] == []
    assert {node.attr for node in nodes if isinstance(node, ast.Attribute)} & MUTATING == set()


def test_rule_3_documents_stay():
    document = {
        "folders": ["/a/*"],
        "server": "box:1",
        "user": "eva",
        "keep": 2,
        "version": 2,
        "schedule": {"hours": 24},
    }
    before = copy.deepcopy(document)
    assert migrate(document)["schedule"] == {"days": 1}
    assert document == before


def test_rule_4_small_functions(workspace):
    for node in functions_of(tree_of(workspace)):
        inside = list(ast.walk(node))
        ifs = sum(isinstance(one, ast.If | ast.IfExp) for one in inside)
        ifs += sum(len(one.ifs) for one in inside if isinstance(one, ast.comprehension))
        ifs += sum(one.guard is not None for one in inside if isinstance(one, ast.match_case))
        assert node.end_lineno - node.lineno + 1 <= 12, node.name
        assert ifs <= 2, node.name


def test_rule_5_texts_once(workspace):
    tree = tree_of(workspace)
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            left_out.add(id(node.body[0].value))
        elif isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    counts = Counter(node.value for node in constants if id(node) not in left_out and len(node.value) > 1)
    assert {text: count for text, count in counts.items() if count > 1} == {}


def test_rule_6_docstrings(workspace):
    for node in functions_of(tree_of(workspace)):
        text = ast.get_docstring(node, clean=False)
        assert text, node.name
        assert len(text.splitlines()) == 1, node.name
        assert len(text) <= 72, node.name
        assert text[0].isupper(), node.name
        assert text.endswith(".") is not node.name.startswith("to_version_"), node.name


def test_rule_7_public_names(workspace):
    public = {
        node.name for node in tree_of(workspace).body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"
    }
    assert public == {"migrate", "pending", *(f"to_version_{version}" for version in range(2, 6))}
    assert migrations.__all__ == sorted(["LATEST", *public])


def test_rule_8_types(workspace):
    for node in functions_of(tree_of(workspace)):
        rest = [one for one in (node.args.vararg, node.args.kwarg) if one is not None]
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]
        assert [one.arg for one in parameters if one.annotation is None] == [], node.name
        assert node.returns is not None, node.name


def test_rule_9_every_step_has_a_test_that_notices(workspace, monkeypatch):
    spec = importlib.util.spec_from_file_location("tests_of_the_answer", workspace / "test_migrations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for version in TEXTS:
        test = getattr(module, f"test_to_version_{version}")
        test()
        with monkeypatch.context() as patch, pytest.raises((Exception, pytest.fail.Exception)):
            patch.setitem(STEPS, version, lambda document: document)
            test()


def test_rule_9_manner_of_tests(workspace):
    tree = tree_of(workspace, "test_migrations.py")
    tests = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for version in TEXTS:
        node = tests[f"test_to_version_{version}"]
        assert ast.unparse(node.args) == ""
        assert node.decorator_list == []
        found = {type(one).__name__ for one in ast.walk(node)}
        assert found & {"If", "IfExp", "For", "While", "comprehension"} == set()
    imports = [ast.dump(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    given = ast.parse(GIVEN_TESTS).body
    assert imports == [ast.dump(node) for node in given if isinstance(node, ast.Import | ast.ImportFrom)]
    assert all(ast.dump(tests[node.name]) == ast.dump(node) for node in given if isinstance(node, ast.FunctionDef))


def test_rule_10_changes(workspace):
    assert (workspace / "CHANGES.md").read_text(encoding="utf-8").strip() == CHANGES.strip()
