"""Bodies and telemetry in append-only files: read back whole, cut, and damaged."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import EvidenceError
from assay.evidence import bodies, otlp

CONTENT = (b"", b"plain", b"\n\n{}\n" * 40, bytes(range(256)))


def test_bodies_come_back_as_they_were(tmp_path: Path) -> None:
    frames = [bodies.encode_body(seq, part, data) for seq, data in enumerate(CONTENT) for part in bodies.PARTS]
    (tmp_path / bodies.NAME).write_bytes(b"".join(frames))
    found = [(body.seq, body.part, body.unpack()) for body in bodies.read_bodies(tmp_path)]
    assert found == [(seq, part, data) for seq, data in enumerate(CONTENT) for part in bodies.PARTS]
    assert bodies.read_body(tmp_path, 3, "response") == CONTENT[3]
    assert bodies.read_body(tmp_path, 9, "response") is None
    assert bodies.read_body(tmp_path / "elsewhere", 1, "request") is None


@settings(max_examples=50)
@given(size=st.integers(0, 700))
def test_a_file_cut_anywhere_is_readable(size: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cut")
    packed = b"".join(bodies.encode_body(seq, "request", data) for seq, data in enumerate(CONTENT))
    (folder / bodies.NAME).write_bytes(packed[:size])
    assert [body.unpack() for body in bodies.read_bodies(folder)] == list(CONTENT)[
        : len(list(bodies.read_bodies(folder)))
    ]
    framed = b"".join(otlp.encode_frame(otlp.Frame(1, "t", "e", data)) for data in CONTENT)
    (folder / "logs.bin").write_bytes(framed[:size])
    read = [frame.body for frame in otlp.read_frames(folder / "logs.bin")]
    assert read == list(CONTENT)[: len(read)]


def test_damage_is_told(tmp_path: Path) -> None:
    (tmp_path / bodies.NAME).write_bytes(b"nonsense\n")
    with pytest.raises(EvidenceError, match="damaged at byte 0"):
        list(bodies.read_bodies(tmp_path))
