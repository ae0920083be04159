import ast
import json
import random

import pytest
from treediff import Change, PatchError, apply, compare, show, summary

DEEP = 4000
IMPORTS = {"__future__", "collections", "collections.abc", "dataclasses", "typing"}
BLOCKS = ast.For | ast.While | ast.If | ast.With | ast.Match
GIVEN = '''
class PatchError(ValueError):
    """A change that does not fit the document."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``old`` says nothing if the kind is ``added``, ``new`` nothing if it is ``removed``."""

    kind: str
    path: Path
    old: Document = None
    new: Document = None


def show(path: Path) -> str:
    """Return a path as text: ``$.orders[2].name``; keys that are no names are put in quotes."""
    return "$" + "".join(_show_key(key) for key in path)


def refuse(reason: str, path: Path) -> NoReturn:
    """Raise ``PatchError`` with a reason and the place."""
    raise PatchError(f"{reason}: {show(path)}")


def summary(changes: Iterable[Change]) -> list[str]:
    """Return one line for each change."""
    return [f"{change.kind} {show(change.path)}" for change in changes]


def _show_key(key: Key) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f'["{key}"]'
'''


def tree_of(workspace):
    return ast.parse((workspace / "treediff.py").read_text(encoding="utf-8"))


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def same(left, right):
    """JSON keeps 1, 1.0 and true apart."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def nested(leaf, depth=DEEP):
    document = leaf
    for level in range(depth):
        document = [document] if level % 2 else {"in": document}
    return document


def leaf_of(document):
    while isinstance(document, dict | list) and document:
        document = document["in"] if isinstance(document, dict) else document[0]
    return document


def containers(document):
    found, todo = [], [document]
    while todo:
        node = todo.pop()
        if isinstance(node, dict | list):
            found.append(id(node))
            todo.extend(node.values() if isinstance(node, dict) else node)
    return set(found)


def invented(chance, depth=4):
    kind = chance.choice(["dict", "list", "plain"]) if depth else "plain"
    if kind == "dict":
        return {chance.choice("abcde"): invented(chance, depth - 1) for _ in range(chance.randrange(5))}
    if kind == "list":
        return [invented(chance, depth - 1) for _ in range(chance.randrange(4))]
    return chance.choice([0, 1, 1.0, True, False, None, "x", ""])


def test_plain_values_differ_by_type():
    assert compare({"a": 1}, {"a": 1}) == []
    for old, new in ((1, True), (1, 1.0), (0, False), (None, False), ("1", 1), ("", None)):
        found = compare({"a": old}, {"a": new})
        assert len(found) == 1
        assert (found[0].kind, found[0].path) == ("replaced", ("a",))
        assert (type(found[0].old), type(found[0].new)) == (type(old), type(new))


def test_different_kinds_are_replaced_as_a_whole():
    assert compare({"a": {}}, {"a": []}) == [Change("replaced", ("a",), {}, [])]
    assert compare([1], {"a": 1}) == [Change("replaced", (), [1], {"a": 1})]
    assert compare("x", {"x": None}) == [Change("replaced", (), "x", {"x": None})]


def test_order_of_changes():
    old = {"z": 1, "gone": {"x": 1}, "list": [1, [2, 3, 4], {"k": 1}], "m": {"b": 1, "a": 2}}
    new = {"y": 0, "m": {"a": 3, "b": 2, "c": 4}, "list": [5, [2], {"k": 1}, 6, 7], "z": 2, "b": None}
    assert compare(old, new) == [
        Change("replaced", ("z",), 1, 2),
        Change("removed", ("gone",), old={"x": 1}),
        Change("replaced", ("list", 0), 1, 5),
        Change("removed", ("list", 1, 2), old=4),
        Change("removed", ("list", 1, 1), old=3),
        Change("added", ("list", 3), new=6),
        Change("added", ("list", 4), new=7),
        Change("replaced", ("m", "b"), 1, 2),
        Change("replaced", ("m", "a"), 2, 3),
        Change("added", ("m", "c"), new=4),
        Change("added", ("y",), new=0),
        Change("added", ("b",), new=None),
    ]


def test_apply_makes_changes_in_order():
    changes = [
        Change("added", ("a",), new=[]),
        Change("added", ("a", 0), new={"x": 1}),
        Change("replaced", ("a", 0, "x"), 1, [1.0]),
        Change("removed", ("b",), old=None),
        Change("removed", ("a", 0, "x", 0), old=1.0),
    ]
    assert apply({"b": None, "c": 3}, changes) == {"c": 3, "a": [{"x": []}]}
    assert apply([1], iter([Change("replaced", (), [1], "all new")])) == "all new"
    assert apply({"k": 1}, []) == {"k": 1}


def test_apply_undoes_compare():
    chance = random.Random(20)
    for _ in range(300):
        old, new = invented(chance), invented(chance)
        assert same(apply(old, compare(old, new)), new)


def test_refused_changes():
    document = {"a": [1, {"b": True}], "n": None}
    cases = [
        (Change("moved", ()), "unknown kind: $"),
        (Change("added", (), new=1), "only replaced: $"),
        (Change("removed", (), old=document), "only replaced: $"),
        (Change("removed", ("x",), old=1), "nothing there: $.x"),
        (Change("replaced", ("a", 2), 1, 2), "nothing there: $.a[2]"),
        (Change("replaced", ("n", "x", "y"), 1, 2), "nothing there: $.n.x.y"),
        (Change("added", ("n", "x"), new=1), "nothing there: $.n.x"),
        (Change("added", ("x", "y"), new=1), "nothing there: $.x.y"),
        (Change("added", ("a", "x"), new=1), "nothing there: $.a.x"),
        (Change("added", (0,), new=1), "nothing there: $[0]"),
        (Change("added", ("a", -1), new=1), "nothing there: $.a[-1]"),
        (Change("removed", ("a", -1), old={"b": True}), "nothing there: $.a[-1]"),
        (Change("replaced", ("a", -1, "b"), True, 1), "nothing there: $.a[-1].b"),
        (Change("added", ("n",), new=1), "already there: $.n"),
        (Change("added", ("a", 1), new=1), "already there: $.a[1]"),
        (Change("added", ("a", 3), new=1), "not at the end: $.a[3]"),
        (Change("removed", ("a", 0), old=7), "not at the end: $.a[0]"),
        (Change("removed", ("a", 1), old={"b": 1}), "not as expected: $.a[1]"),
        (Change("replaced", ("a", 0), True, 2), "not as expected: $.a[0]"),
        (Change("replaced", (), {"a": 1}, 2), "not as expected: $"),
    ]
    for change, text in cases:
        with pytest.raises(PatchError) as caught:
            apply(document, [change])
        assert str(caught.value) == text


def test_order_of_keys_does_not_matter_for_what_is_expected():
    changes = [Change("removed", ("x",), old={"b": 2, "a": 1})]
    assert apply({"x": {"a": 1, "b": 2}}, changes) == {}


def test_rule_1_compare_deep_documents():
    found = compare(nested(1), nested(True))
    assert [(len(change.path), change.kind) for change in found] == [(DEEP, "replaced")]
    assert len(compare(nested("x"), nested("x"))) == 0


def test_rule_1_apply_to_deep_documents():
    path = compare(nested(1), nested(2))[0].path
    assert leaf_of(apply(nested(1), [Change("replaced", path, 1, "deep")])) == "deep"


def test_rule_1_deep_values_in_changes():
    document = apply({}, [Change("added", ("new",), new=nested(1))])
    assert leaf_of(document["new"]) == 1
    assert len(apply(document, [Change("removed", ("new",), old=nested(1))])) == 0
    with pytest.raises(PatchError) as caught:
        apply(document, [Change("replaced", ("new",), nested(2), 0)])
    assert str(caught.value) == "not as expected: $.new"


def test_rule_1_no_function_reaches_itself(workspace):
    functions = {node.name: node for node in functions_of(tree_of(workspace))}
    uses = {
        name: {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in functions}
        for name, node in functions.items()
    }
    for name in functions:
        reached, todo = set(), list(uses[name])
        while todo:
            one = todo.pop()
            if one not in reached:
                reached.add(one)
                todo.extend(uses[one])
        assert name not in reached


def test_rule_2_imports(workspace):
    found = set()
    for node in ast.walk(tree_of(workspace)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    assert found - IMPORTS == set()


def test_rule_3_forbidden_statements(workspace):
    tree = tree_of(workspace)
    forbidden = ast.Try | ast.TryStar | ast.Lambda | ast.Global | ast.Nonlocal
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, forbidden)] == []
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    inner = [
        one.name
        for node in functions_of(tree)
        for one in ast.walk(node)
        if one is not node and isinstance(one, definitions)
    ]
    assert inner == []


def test_rule_4_short_functions_with_few_parameters(workspace):
    for node in functions_of(tree_of(workspace)):
        args = node.args
        count = (
            len([*args.posonlyargs, *args.args, *args.kwonlyargs])
            + (args.vararg is not None)
            + (args.kwarg is not None)
        )
        assert node.end_lineno - node.lineno + 1 <= 25, node.name
        assert count <= 4, node.name


def test_rule_5_flat_code(workspace):
    def deepest(node, depth):
        found = depth
        for child in ast.iter_child_nodes(node):
            is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
            found = max(found, deepest(child, depth + (isinstance(child, BLOCKS) and not is_elif)))
        return found

    depths = {node.name: deepest(node, 0) for node in functions_of(tree_of(workspace))}
    assert {name: depth for name, depth in depths.items() if depth > 2} == {}


def test_rule_6_only_refuse_raises(workspace):
    tree = tree_of(workspace)
    raising = {
        node.name
        for node in functions_of(tree)
        if any(isinstance(one, ast.Raise | ast.Assert) for one in ast.walk(node))
    }
    assert raising == {"refuse"}


def test_rule_6_given_code_is_untouched(workspace):
    now = {node.name: node for node in tree_of(workspace).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.parse(GIVEN).body:
        assert ast.dump(now[node.name]) == ast.dump(node)


def test_rule_7_arguments_are_left_alone():
    old, new = {"a": [1, {"b": [2]}], "c": 1}, {"a": [1, {"b": []}, {"d": [3]}], "e": {"f": []}}
    before = json.dumps([old, new])
    changes = compare(old, new)
    apply(old, changes)
    followed = [Change("added", ("x",), new=[]), Change("added", ("x", 0), new=1)]
    assert apply({}, followed) == {"x": [1]}
    assert json.dumps([old, new]) == before
    assert followed[0].new == []
    assert compare(old, new) == changes


def test_rule_7_nothing_is_shared():
    old, new = (
        {"a": [{"k": []}], "keep": {"deep": [[]]}},
        {"a": [{"k": []}, {"n": [{}]}], "keep": {"deep": [[]]}, "x": {"y": []}},
    )
    changes = compare(old, new)
    result = apply(old, [*changes, Change("replaced", ("keep", "deep"), [[]], {"r": [[]]})])
    given = containers(old) | containers(new)
    for change in changes:
        given |= containers(change.new) | containers(change.old)
    assert containers(result) & given == set()
    whole = {"k": [[]]}
    assert containers(apply(1, [Change("replaced", (), 1, whole)])) & containers(whole) == set()


def test_rule_8_types(workspace):
    tree = tree_of(workspace)
    for node in functions_of(tree):
        rest = [one for one in (node.args.vararg, node.args.kwarg) if one is not None]
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]
        assert [one.arg for one in parameters if one.annotation is None and one.arg != "self"] == [], node.name
        assert node.returns is not None, node.name
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names & {"Any", "object"} == set()


def test_what_was_there_still_works():
    assert show(("orders", 2, "first name")) == '$.orders[2]["first name"]'
    assert summary([Change("added", ("a",), new=1)]) == ["added $.a"]
