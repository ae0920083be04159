from pathlib import Path

from assay.agents.api import API_VERSION, INSIDE, ApiAgent
from assay.agents.prompt import api_prompt
from assay.identity import content_id
from assay.testing.agent import step_request
from assay.testing.tasks import make_task

# What version 1 says. A change here is another instrument: raise API_VERSION and pin the new words.
PINNED = {"1": "582380e243fba824f492"}


def test_the_words_of_a_version_do_not_change(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    variant = {"prefix": "A ", "suffix": " Z"}
    first = api_prompt(step_request(task, agent=ApiAgent(), variant=variant, profile={"files": {"X.md": "x"}}))
    later = api_prompt(step_request(task, agent=ApiAgent(), step=1, feedback="1 failed"))
    assert content_id("prompt", [first, later]) == PINNED[API_VERSION]


def test_the_programs_inside_need_the_standard_library_only() -> None:
    for path in INSIDE.glob("*.py"):
        source = path.read_text()
        assert "import assay" not in source
        assert "from assay" not in source
