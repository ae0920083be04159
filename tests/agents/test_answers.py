from hypothesis import given
from hypothesis import strategies as st

from assay.agents.inside.answers import FORMAT_ERROR, NO_ANSWER, parse, path_problem, render

NAMES = st.from_regex(r"[a-z_]{1,8}(/[a-z_]{1,8}){0,2}\.(py|md|txt)", fullmatch=True)
# Fences, headers, thoughts and odd line ends are what real files hold and careless parsers split on.
LINES = st.one_of(
    st.sampled_from(
        ["```", "````", "~~~", "```python", "### FILE: other.py", "<think>", "</think>", "", "\x0b", "\u2028", "a\r"]
    ),
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20),
)
CONTENTS = st.lists(LINES, max_size=12).map(lambda lines: "".join(f"{line}\n" for line in lines))
FILES = st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=4)
PROSE = st.sampled_from(
    ["", "Here is the fix.\n\n", "<think>first\n```\n### FILE: x.py\n</think>\n", "Done: see `x`.\n"]
)


@given(FILES, PROSE, PROSE)
def test_what_is_rendered_is_read_back(files: dict[str, str], before: str, after: str) -> None:
    text = before + "\n".join(render(path, content) for path, content in files.items()) + "\n" + after
    parsed = parse(text)
    assert parsed.files == files
    assert parsed.complaint is None
    assert parsed.thoughts == (before + after).count("<think>")


@given(FILES)
def test_an_answer_that_speaks_crlf_says_the_same(files: dict[str, str]) -> None:
    clean = {path: content.replace("\r", "") for path, content in files.items()}
    text = "".join(render(path, content) for path, content in clean.items())
    assert parse(text.replace("\n", "\r\n")).files == clean


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from([(), ("a.py",), ("*.py", "b/*")]))
def test_any_text_is_read_without_an_error(text: str, writable: tuple[str, ...]) -> None:
    parsed = parse(text, writable)
    assert (not parsed.files) == (parsed.complaint is not None)
    assert all(path_problem(path) is None for path in parsed.files)


@given(st.lists(LINES, max_size=30))
def test_any_arrangement_of_marks_is_read_without_an_error(lines: list[str]) -> None:
    parsed = parse("\n".join(lines), ("a.py",))
    assert (not parsed.files) == (parsed.complaint is not None)


def test_the_last_of_two_versions_wins_and_is_counted() -> None:
    parsed = parse(render("a.py", "one\n") + render("b.py", "b\n") + render("a.py", "two\n"))
    assert parsed.files == {"a.py": "two\n", "b.py": "b\n"}
    assert parsed.repeated == 1


def test_a_lone_fence_is_the_file_only_where_one_file_may_be_written() -> None:
    text = "The fix:\n```python\nx = 1\n```\nIt works."
    assert parse(text, ("a.py",)).files == {"a.py": "x = 1\n"}
    for writable in [(), ("a.py", "b.py"), ("*.py",)]:
        assert parse(text, writable).complaint == FORMAT_ERROR
    assert parse(text + "\n```\ny\n```\n", ("a.py",)).complaint == FORMAT_ERROR


def test_nested_blocks_of_the_same_length_stay_inside() -> None:
    text = '### FILE: a.py\n```python\n"""\n```python\nx\n```\n"""\ny = 1\n```\n\n### FILE: b.py\n```\nb\n```\n'
    assert parse(text).files == {"a.py": '"""\n```python\nx\n```\n"""\ny = 1\n', "b.py": "b\n"}


def test_a_heading_is_read_in_the_forms_that_models_write() -> None:
    for heading in ["### FILE: a.py", "## FILE: `a.py`", "### file: **a.py**", "###FILE:a.py", " ### FILE: a.py  "]:
        assert parse(f"{heading}\n\n```py\nx\n```\n").files == {"a.py": "x\n"}, heading
    assert parse("### FILE: a.py\nFirst some words.\n```\nx\n```\n").complaint == FORMAT_ERROR


def test_thoughts_are_taken_out_and_counted() -> None:
    draft = render("a.py", "draft\n")
    final = render("a.py", "final\n")
    assert parse(f"<think>\n{draft}</think>\n{final}").files == {"a.py": "final\n"}
    unclosed = parse(f"<think>\n{draft}")
    assert (unclosed.files, unclosed.unclosed_thought, unclosed.complaint) == ({}, True, NO_ANSWER)
    unopened = parse(f"Let me think.\n{draft}</think>\n{final}")
    assert (unopened.files, unopened.thoughts) == ({"a.py": "final\n"}, 1)
    two = parse(f"<think>one</think>\n<thinking>two</thinking>\n{final}")
    assert (two.files, two.thoughts, two.thought_chars > 0) == ({"a.py": "final\n"}, 2, True)
    assert parse("I removed the `</think>` mark.\n" + final).files == {"a.py": "final\n"}


def test_paths_that_leave_the_workspace_are_rejected() -> None:
    outside = ["/etc/passwd", "../a.py", "a/../../b.py", "~/a.py", "a//b.py", "./a.py", "c\\d.py", ".git/hooks/x", "d/"]
    for path in outside:
        parsed = parse(render(path, "x\n") + render("good.py", "y\n"))
        assert parsed.files == {"good.py": "y\n"}, path
        assert [name for name, _ in parsed.rejected] == [path]
    alone = parse(render("../a.py", "x\n"))
    assert (alone.complaint, alone.detail) == (FORMAT_ERROR, "../a.py: outside the workspace")


def test_files_that_may_not_be_written_are_rejected() -> None:
    text = render("a.py", "x\n") + render("test_a.py", "y\n") + render("docs/b.md", "z\n")
    assert parse(text, ("a.py", "docs/*")).files == {"a.py": "x\n", "docs/b.md": "z\n"}


def test_a_cut_block_spoils_the_answer() -> None:
    parsed = parse(render("a.py", "x\n") + "### FILE: b.py\n```python\nhalf of\n")
    assert (parsed.files, parsed.complaint, parsed.detail) == ({}, FORMAT_ERROR, "a fenced block has no end")


def test_a_text_answer_is_the_reply_without_its_thoughts() -> None:
    parsed = parse("<think>hm</think>\nForty-two.\n```\nkept\n```", answer="text")
    assert (parsed.text.strip(), parsed.complaint) == ("Forty-two.\n```\nkept\n```", None)
    assert parse("<think>hm</think>\n", answer="text").complaint == NO_ANSWER
