"""The law: imports point down the layers, no cycles, nothing hidden, and what reads evidence never makes it."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import assay

SOURCE = Path(assay.__file__).parent

LAYERS: dict[str, int | str] = {
    "errors": 0,
    "identity": 0,
    "records": 0,
    "names": 0,
    "documents": 1,
    "experiment": 1,
    "suites": 1,
    "providers": 1,
    "prices": 1,
    "policy": 1,
    "plan": 2,
    "ledger": 2,
    "evidence": 2,
    "sandboxes": 3,
    "gateway": 3,
    "agents": 3,
    "telemetry": 3,
    "lab": 3,
    "trial": 4,
    "engines": 5,
    "scorers": "R",
    "judges": "R",
    "analysis": "R",
    "audit": "R",
    "report": "R",
    "routing": "R",
    "importers": "R",
    "exporters": "R",
    "testing": 6,
    "run": 6,
    "cli": 6,
    "web": 6,
    "stats": "aside",
}

# Protocols that a reader of evidence may see, because they are handed to it through a signature.
SEAMS = {"assay.sandboxes.base"}

# Size limits of the house; a file above them needs a reason here.
MAX_FILE = 350
MAX_FUNCTION = 60


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts[:2] in {("suites", "focused"), ("suites", "parallel")} or "inside" in parts:
            continue
        yield ".".join(("assay", *parts)).removesuffix(".__init__"), path


MODULES = dict(modules())


def imports(path: Path) -> Iterator[tuple[str, ast.stmt, bool]]:
    """Yield (imported assay module, statement, at module level)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, _top_level(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node, id(node) in top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full if full in MODULES else node.module), node, id(node) in top


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements outside any function, if-blocks included."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        yield node
        for name in ("body", "orelse", "handlers", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                pending.extend(child for child in getattr(node, name, []) if isinstance(child, ast.stmt))


def noun(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def test_every_module_has_a_layer() -> None:
    unknown = {noun(name) for name in MODULES if noun(name)} - LAYERS.keys()
    assert not unknown, f"give these a layer: {unknown}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_down(name: str) -> None:
    if not noun(name):
        return
    mine = LAYERS[noun(name)]
    for target, _, _ in imports(MODULES[name]):
        if not target.startswith("assay.") or noun(target) == noun(name):
            continue
        theirs = LAYERS[noun(target)]
        if mine == "aside":
            pytest.fail(f"{name} imports {target}: stats stands alone")
        if mine == "R":
            # stats is aside and may be used by readers; makers may not, but for the seams.
            allowed = theirs in {0, 1, 2, "R", "aside"} or target in SEAMS
        elif mine == 6:
            allowed = True
        else:
            assert isinstance(mine, int)
            allowed = target in SEAMS or (isinstance(theirs, int) and theirs <= mine)
        assert allowed, f"{name} (layer {mine}) imports {target} (layer {theirs})"


def test_no_cycles() -> None:
    graph = {name: {t for t, _, _ in imports(path) if t in MODULES and t != name} for name, path in MODULES.items()}
    # A package's __init__ is loaded with any of its modules; what it imports counts, being imported does not.
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {error.args[1]}")


def test_no_hidden_imports() -> None:
    hidden = [
        f"{path.name}:{node.lineno} imports {target}"
        for name, path in MODULES.items()
        for target, node, top in imports(path)
        if not top
    ]
    assert not hidden, "imports inside functions: " + "; ".join(hidden)


def test_stats_needs_numpy_only() -> None:
    for name, path in MODULES.items():
        if noun(name) != "stats":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                root = node.module.split(".")[0]
                assert root not in {"scipy", "statsmodels", "pandas", "pydantic"}, f"{name} imports {root}"


def test_public_surface_is_what_it_says() -> None:
    assert assay.__all__ == sorted(assay.__all__)
    for name in assay.__all__:
        assert getattr(assay, name) is not None
    with pytest.raises(AttributeError):
        assay.nothing_of_that_name  # noqa: B018


@pytest.mark.parametrize("name", sorted(MODULES))
def test_files_and_functions_stay_small(name: str) -> None:
    source = MODULES[name].read_text(encoding="utf-8")
    assert source.count("\n") <= MAX_FILE, f"{name} has {source.count(chr(10))} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= MAX_FUNCTION, f"{name}.{node.name} has {size} lines"
