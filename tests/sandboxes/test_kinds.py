import sys
import types

import pytest

from assay.errors import SandboxError
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.memory import MemorySandboxKind
from assay.sandboxes.unsafe_host import UnsafeHostKind


def test_by_name(bubblewrap: BubblewrapKind) -> None:
    assert isinstance(sandbox_kind("bubblewrap"), BubblewrapKind)
    assert isinstance(sandbox_kind("unsafe-host"), UnsafeHostKind)
    assert isinstance(sandbox_kind(), BubblewrapKind)


def test_by_dotted_path(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(sandbox_kind("assay.sandboxes.memory:MemorySandboxKind"), MemorySandboxKind)
    module = types.ModuleType("third_party")
    ready = MemorySandboxKind()
    monkeypatch.setattr(module, "kind", ready, raising=False)
    monkeypatch.setattr(module, "wrong", object(), raising=False)
    monkeypatch.setitem(sys.modules, "third_party", module)
    assert sandbox_kind("third_party:kind") is ready
    with pytest.raises(SandboxError, match="not a sandbox kind: it has no name, capabilities"):
        sandbox_kind("third_party:wrong")
    for name in ("third_party:absent", "no_such_module:Kind"):
        with pytest.raises(SandboxError, match="cannot be loaded"):
            sandbox_kind(name)


def test_a_slip_gets_the_nearest_name() -> None:
    with pytest.raises(SandboxError) as caught:
        sandbox_kind("bublewrap")
    assert str(caught.value) == "there is no sandbox kind 'bublewrap'. Did you mean 'bubblewrap'?"
    with pytest.raises(SandboxError, match=r"Valid: bubblewrap, unsafe-host$"):
        raise_from("zzz")


def test_a_double_is_not_offered() -> None:
    """What executes nothing must not be chosen by a short name."""
    with pytest.raises(SandboxError, match="no sandbox kind 'memory'"):
        sandbox_kind("memory")


def raise_from(name: str) -> None:
    """Let ``match`` see the whole line, remedy included."""
    try:
        sandbox_kind(name)
    except SandboxError as error:
        raise SandboxError(str(error)) from error


def test_nothing_is_ever_run_unsafely_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError) as caught:
        sandbox_kind()
    line = str(caught.value)
    assert "apt-get install bubblewrap" in line
    assert "--sandbox unsafe-host" in line
    assert "\n" not in line
