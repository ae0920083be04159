import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import ExperimentError
from assay.experiment.load import changed, experiment_from, experiment_schema, load_experiment, parse_experiment
from assay.experiment.model import Experiment

Load = Callable[..., Experiment]

SMALL = """\
name: model-selection
suite: focused                       # or {format: terminal-bench, path: ..., tasks: file:ten.txt}
agent: api                           # scalar or list anywhere
models: {small: claude-haiku-4-5, mid: claude-sonnet-4-6, large: claude-opus-4-6, qwen: gpu/qwen3.6-35b}
providers: {gpu: {base_url: "http://localhost:8080/v1", dialect: chat, key: none, price: 0, concurrency: 1}}
variants: {bare: {}, tuned: {per_model: {small: {prefix: "Please "}, mid: {system: "file:mid.md"}}}}
reps: 5
score: {tests: 50, lint: 25, complexity: 25}
predict: {floor: [task-a], headroom: [task-z]}
controls: [aa]
max_cost: 20
"""


def test_the_small_example_reads_as_it_looks(tmp_path: Path) -> None:
    (tmp_path / "mid.md").write_text("Be careful.\n", encoding="utf-8")
    (tmp_path / "e.yaml").write_text(SMALL, encoding="utf-8")
    experiment = load_experiment(tmp_path / "e.yaml")
    assert experiment.agents == ("api",)
    assert experiment.models["qwen"] == "gpu/qwen3.6-35b"
    assert experiment.variants["tuned"].per_model["mid"].system == "Be careful.\n"
    assert experiment.suite[0].path == "focused"
    assert experiment.weights == {"tests": 0.5, "lint": 0.25, "complexity": 0.25}
    assert experiment.max_cost == 20
    assert experiment.controls[0].kind == "aa"
    assert experiment.all_providers()["gpu"].prices["*"]["input"] == 0


def test_defaults_are_those_of_the_design(load: Load) -> None:
    experiment = load("model: lab/swift\n")
    assert (experiment.mode, experiment.max_cost, experiment.retries) == ("exploratory", 5.0, 1)
    assert (experiment.primary, experiment.stopping, experiment.engine) == ("solved", "none", "local")
    assert experiment.prediction_id is None


def test_identity_is_content_not_spelling(load: Load) -> None:
    one = load("model: lab/swift\nreps: 4\n")
    other = load("# a comment\nreps: 4\nmodels: [lab/swift]\nmax_cost: 5\n")
    assert one.id == other.id
    assert load("model: lab/swift\nreps: 5\n").id != one.id


def test_plain_data_reads_back(load: Load) -> None:
    text = """
models: {a: lab/swift, b: gpu/m}
agents: [api, command, oracle]
providers: {gpu: {base_url: "http://h/v1", key: env:K, price: {m: {input: 1, output: 2}}}}
variants: {bare: {}, t: {per_model: {a: {prefix: "x"}}}}
profiles: {p: {files: {AGENTS.md: "y", "~/.tool/settings.json": "{}"}}}
settings:
  {temperature: [0, 0.5], command: "sh x", mounts: [{host: /usr, inside: /x}], env: {A: b}, lab_fault: {cut: 0.1}}
arms: [{model: a, variant: [bare, t], settings: {effort: [low, high]}}]
include: {agent: oracle}
exclude: [{model: a, settings: {effort: high}}]
controls: [aa, {sabotage: "a / bare"}]
excluded: [{task: t1, reason: broken}]
limits: {memory: 512MB, tokens: 1000}
tasks: [fix-*]
"""
    experiment = load(text)
    data = json.loads(json.dumps(experiment.to_data()))
    assert Experiment.model_validate(data).id == experiment.id
    assert experiment.limits.memory == 512 << 20


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("modles: a", 3, "unknown key 'modles'. Did you mean 'models'?"),
        ("variants:\n  a: {sytem: x}", 4, "unknown key 'sytem' in 'variants.a'. Did you mean 'system'?"),
        ("settings:\n  temprature: 1", 4, "unknown key 'temprature' in 'settings'. Did you mean 'temperature'?"),
        ("limits: {tme_s: 1}", 3, "unknown key 'tme_s' in 'limits'. Did you mean 'time_s'?"),
        ("model: lab/swift\nmodels: lab/deep", 4, "'models' is written in singular and plural"),
        ("reps: five", 3, "'reps' must be a whole number, not the text 'five'"),
        ("reps: 0", 3, "'reps' must be at least 1, not 0"),
        ("reps: 2.5", 3, "'reps' must be a whole number, not 2.5"),
        ("reps: true", 3, "'reps' must be a whole number, not true"),
        ("question: 5", 3, "'question' must be text, not 5; quote it"),
        ("mode: confirm", 3, "'mode' cannot be the text 'confirm'. Did you mean 'confirmatory'?"),
        ("max_cost: .inf", 3, "'max_cost' must be a finite number, not inf"),
        ("limits: {memory: lots}", 3, "'limits.memory' must be a size such as 512MB or 2GB, not 'lots'"),
        ("settings: {temperature: [0, 5]}", 3, "'settings.temperature[2]' must be at most 2.0, not 5"),
        ("controls: [ab]", 3, "'controls[1].kind' cannot be the text 'ab'. Valid: aa, sabotage"),
        ("excluded: [{task: x}]", 3, "'reason' is missing in 'excluded[1]'"),
        ("excluded: [{reason: x}]", 3, "'excluded[1]' names neither 'arm' nor 'task'"),
        ("exclude: [{}]", 3, "'exclude[1]' fits every arm: name an agent, model, variant or profile"),
        ("agents: [api, api]", 3, "'agents' lists 'api' twice"),
        ("agents: []", 1, "'agents' is empty"),
        ("score: {tests: 0}", 1, "'score' gives no part a weight above 0"),
        ("variants: 3", 3, "'variants' must be a mapping of names to values, not 3"),
        ("stopping: always", 3, "'stopping' cannot be the text 'always'. Valid: none"),
        ("mode: confirmatory", 3, "a confirmatory study states its hypotheses beforehand"),
        ("predict: {floor: [a, b], headroom: b}", 3, "task 'b' is predicted as floor and as headroom"),
        ("primary: solvd", 3, "measure 'solvd' is not defined. Did you mean 'solved'?"),
        ("score: {test: 1}", 3, "part 'test' is not defined. Did you mean 'tests'?"),
        ("engine: ray", 3, "'engine' cannot be the text 'ray'. Valid: local"),
        ("vary: modl", 3, "factor 'modl' is not defined. Did you mean 'model'?"),
        ("exclude:\n  - {variant: z}", 4, "variant 'z' is not defined. Define it under 'variants'"),
        ("profiles: {p: {files: {../x: a}}}", 3, "'profiles.p.files' '../x' must lie in the workspace"),
        ("model: swift", 3, "nobody knows which provider has the model 'swift'. Write provider/model"),
        ("models: {a: labb/swift}", 3, "model 'labb/swift' names the provider 'labb', which is unknown. Did you mean"),
        (
            "models: [lab/swift]\narms:\n  - model: lab/swft\n  - {model: swft}",
            6,
            "model 'swft' is not defined. Did you",
        ),
        ("variants: {t: {per_model: {huge: {}}}}", 3, "model 'huge' is not defined"),
        ("variants: {t: {prefix: 'file:no.md'}}", 3, "cannot read 'no.md': there is no such file"),
        ("providers: {own: {dialect: chat}}", 3, "provider 'own' needs a base_url: it is not a known one"),
        ("providers: {own: {base_url: 'ftp://x'}}", 3, "'providers.own.base_url' must be an http or https address"),
        ("providers: {lab: {price: 3}}", 3, "'providers.lab.price' must be 0, or rates such as"),
        ("providers: {lab: {price: {input: 3}}}", 3, "'providers.lab.price' needs at least 'input' and 'output'"),
    ],
)
def test_mistakes_name_file_line_and_what_to_do(load: Load, text: str, line: int, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        load(text)
    where = caught.value.where
    assert where is not None
    assert where.line == line
    assert str(caught.value).startswith(f"{where.path}:{line}: {message}")


def test_the_first_of_several_mistakes_is_told_and_the_others_counted(load: Load) -> None:
    with pytest.raises(ExperimentError, match=r":3: 'reps' must be .* \(1 more after this one\)"):
        load("reps: x\nquestion: 5\n")


def test_missing_keys_come_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"'suite' is missing\. For example: suite: focused"):
        parse_experiment("name: x", tmp_path / "e.yaml")
    with pytest.raises(ExperimentError, match="'name' may hold letters, digits"):
        parse_experiment("name: my first\nsuite: x", tmp_path / "e.yaml")
    with pytest.raises(ExperimentError, match="is not an experiment"):
        parse_experiment("- a\n- b", tmp_path / "e.yaml")


@pytest.mark.parametrize(
    "entry",
    [
        "key: sk-ant-verysecret",
        "headers: {Authorization: sk-ant-verysecret}",
        "base_url: 'http://user:sk-ant-verysecret@host'",
        "base_url: 'http://host/?key=sk-ant-verysecret'",
        "key: [sk-ant-verysecret]",
        "headers: {X-Key: [sk-ant-verysecret]}",
    ],
)
def test_a_key_in_the_file_is_refused_and_never_repeated(load: Load, entry: str) -> None:
    base = "" if entry.startswith("base_url") else "base_url: 'http://h', "
    with pytest.raises(ExperimentError) as caught:
        load(f"model: lab/swift\nproviders:\n  own: {{{base}{entry}}}\n")
    assert "verysecret" not in str(caught.value)


def test_files_of_names_join_lists_and_keys_of_providers_stay_references(load: Load, tmp_path: Path) -> None:
    (tmp_path / "ten.txt").write_text("fix-1  # the easy one\n\n# none\nfix-2\n", encoding="utf-8")
    text = "model: lab/swift\ntasks: [file:ten.txt, other]\nproviders: {openai: {key: 'file:secret.txt'}}\n"
    experiment = load(text)
    assert experiment.tasks.ids == ("fix-1", "fix-2", "other")
    assert experiment.providers["openai"].key == "file:secret.txt"
    assert experiment.all_providers()["openai"].key_file == str(tmp_path / "secret.txt")
    assert load("model: lab/swift\ntasks: file:ten.txt\n").tasks.ids == ("fix-1", "fix-2")


def test_without_a_file() -> None:
    experiment = experiment_from(models=["lab/swift", "lab/deep"], suite="focused", reps=2, max_cost=None)
    assert experiment.name == "swift-vs-deep-focused"
    assert (experiment.reps, experiment.max_cost) == (2, 5.0)
    assert experiment.place("models") is None
    with pytest.raises(ExperimentError, match="'reps' must be at least 1"):
        experiment_from(models="lab/swift", suite="focused", reps=0)


def test_changes_are_checked_and_keep_the_file(load: Load) -> None:
    experiment = load("model: lab/swift\n")
    more = changed(experiment, reps=9, max_cost=None)
    assert more.reps == 9
    assert more.place("models") == experiment.place("models")
    assert changed(experiment, reps=None) is experiment
    with pytest.raises(ExperimentError, match="'concurrency' must be at least 1"):
        changed(experiment, concurrency=0)


def test_conditions_are_what_all_trials_share(load: Load) -> None:
    one, other = load("model: lab/swift\n"), load("model: lab/deep\nreps: 9\ncontrols: aa\nmax_cost: 9\n")
    assert one.conditions() == other.conditions()
    assert load("model: lab/swift\nlimits: {time_s: 9}\n").conditions() != one.conditions()


def test_predictions_have_an_identity_of_their_own(load: Load) -> None:
    one = load("model: lab/swift\npredict: {floor: a}\n")
    assert one.prediction_id is not None
    assert one.prediction_id == load("model: lab/deep\npredict: {floor: [a]}\n").prediction_id
    assert one.prediction_id != load("model: lab/deep\npredict: {floor: b}\n").prediction_id


def test_the_schema_speaks_of_every_key_and_of_both_spellings() -> None:
    schema = experiment_schema()
    assert set(schema["properties"]) == set(Experiment.model_fields)
    kinds = {choice.get("type") for choice in schema["properties"]["models"]["anyOf"]}
    assert kinds == {"string", "array", "object"}
    assert schema["required"] == ["name", "suite"]
