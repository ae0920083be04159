from pathlib import Path

import pytest

from assay.documents.base import Document, Kind
from assay.documents.base import parse_document as parse
from assay.documents.base import read_document as read
from assay.errors import ExperimentError, Place

KIND = Kind("an experiment file", ExperimentError)


def parse_document(text: str, path: Path | str) -> Document:
    return parse(text, Path(path), KIND)


def read_document(path: Path) -> Document:
    return read(path, KIND)


def test_scalars_follow_yaml_1_2() -> None:
    text = "a: no\nb: off\nc: 1e-3\nd: 12:30\ne: 2026-01-01\nf:\ng: ~\nh: .5\ni: -3\nj: true\nk: 1_000\nno: 1"
    assert parse_document(text, "f").data == {
        "a": "no",
        "b": "off",
        "c": 0.001,
        "d": "12:30",
        "e": "2026-01-01",
        "f": None,
        "g": None,
        "h": 0.5,
        "i": -3,
        "j": True,
        "k": 1000,
        "no": 1,
    }


def test_anchors_and_merge_keys_work_and_the_own_key_wins() -> None:
    document = parse_document("a: &x {k: 1, v: 2}\nb:\n  <<: *x\n  k: 3\nc: *x\nd:\n  <<: *x\n", "f")
    assert document.data["b"] == {"k": 3, "v": 2}
    assert document.data["c"] == document.data["d"] == {"k": 1, "v": 2}
    assert document.place(("b", "k")).line == 4


def test_places_understand_plural_slips_list_texts_and_stop_at_what_is_there() -> None:
    document = parse_document("model:\n  - lab/swift\n  - lab/deep\narms:\n  - {agent: api}\n", Path("e.yaml"))
    assert document.place(("models", "lab/deep")) == Place(Path("e.yaml"), 3)
    assert document.place(("arms", 0, "variant")) == Place(Path("e.yaml"), 5)
    assert document.place(("nothing",)) == Place(Path("e.yaml"), 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f: is empty"),
        ("# only a comment\n", "f: is empty"),
        ("a: 1\nb: 2\na: 3", "f:3: has the key 'a' twice (first on line 1)"),
        ("a: [1", "f:1: is not YAML: while parsing a flow sequence"),
        ("a:\n\tb: 1", "f:2: is not YAML"),
        ("a: 1\n---\nb: 2", "f:2: is not YAML: expected a single document"),
        ("a: &a [*a]", "f:1: has aliases that grow without end"),
        ("a: !!python/object/apply:os.system [id]", "f:1: has a tag that is not plain YAML"),
        ("a: !!python/name:os.system x", "f:1: has a tag that is not plain YAML"),
        ("[1]: 2", "f:1: has a key that is not text"),
        ("a: *nowhere", "f:1: is not YAML: found undefined alias"),
        ("a: !!int x", "f:1: has a value that cannot be read"),
        ("a: \x00", "f: is not YAML"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        parse_document(text, "f")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ExperimentError, match="grow without end"):
        parse_document("\n".join(lines), "f")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(ExperimentError, match="nested too deeply"):
        parse_document("[" * 5000 + "]" * 5000, "f")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="there is no such file"):
        read_document(tmp_path / "no.yaml")
    with pytest.raises(ExperimentError, match="is a folder"):
        read_document(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"name: x\nsuite: \xff\xfe\n")
    with pytest.raises(ExperimentError, match=r"bytes\.yaml:2: is not UTF-8 text"):
        read_document(tmp_path / "bytes.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (5 << 20))
    with pytest.raises(ExperimentError, match="larger than 4 MB"):
        read_document(tmp_path / "large.yaml")


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfname: x\n")
    assert read_document(tmp_path / "bom.yaml").data == {"name": "x"}
