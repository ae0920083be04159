from importlib.metadata import EntryPoint, EntryPoints

import pytest

from assay.agents import kinds
from assay.agents.api import ApiAgent
from assay.agents.kinds import agent, agent_info, agent_infos
from assay.errors import InputError, MachineError
from assay.records import Dialect
from assay.testing.agent import ScriptedAgent


class Absent(ScriptedAgent):
    def version(self) -> str:
        raise MachineError("absent is not installed")


def test_built_in_agents_have_names() -> None:
    assert isinstance(agent("api"), ApiAgent)
    assert {"api", "command", "oracle", "nop", "empty"} <= agent_infos().keys()
    assert agent_info("api").dialects == frozenset({Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES})
    assert agent_info("oracle").dialects == frozenset()
    assert all(info.version for info in agent_infos().values())


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        agent("orcale")
    assert str(caught.value) == "agent 'orcale' is not known. Did you mean 'oracle'?"


def test_a_dotted_path_and_an_entry_point_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "assay.testing.agent:ScriptedAgent"
    assert isinstance(agent(path), ScriptedAgent)
    point = EntryPoint("mine", path, kinds.GROUP)
    monkeypatch.setattr(kinds, "entry_points", lambda **wanted: EntryPoints([point]).select(**wanted))
    assert isinstance(agent("mine"), ScriptedAgent)
    assert agent_infos()["mine"].version == "1"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no.such.module:Agent", "did not load: ModuleNotFoundError"),
        ("assay.testing.agent:Nothing", "did not load: AttributeError"),
        ("collections:OrderedDict", "is not an agent: it has no name, dialects"),
    ],
)
def test_a_plug_in_that_does_not_load_is_one_line(path: str, said: str) -> None:
    with pytest.raises(InputError, match="agent") as caught:
        agent(path)
    assert said in str(caught.value)


def test_a_missing_program_is_a_problem_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "BUILT_IN", {"absent": Absent})
    info = agent_info("absent")
    assert (info.version, info.problem) == (None, "absent is not installed")
