from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.documents.base import Kind, parse_document
from assay.documents.scalars import to_yaml
from assay.errors import InputError

LIKE = ["1e3", "08", "12e45678", "no", "on", "12:30", "2026-01-01", "0x1f", "0o17", "~", "", "<<", "=", "a: b", "ä\nö"]


@pytest.mark.parametrize("value", [*LIKE, 1, -3, 0.5, 1e-05, 1e30, True, None, [1, "1"], {"a": {"b": []}}])
def test_what_is_written_reads_back_here_and_under_yaml_1_1(value: Any) -> None:
    text = to_yaml({"k": value})
    read = parse_document(text, Path("f"), Kind("a file", InputError)).data["k"]
    assert read == yaml.safe_load(text)["k"] == value
    assert type(read) is type(value)


def test_keys_keep_their_order() -> None:
    assert to_yaml({"b": 1, "a": 2}) == "b: 1\na: 2\n"
