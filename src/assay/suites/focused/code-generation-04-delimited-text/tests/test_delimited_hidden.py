import random

import pytest
from delimited import DelimitedError, Dialect, read_rows, write_rows

TRIM = Dialect(trim=True)


def place(text, dialect=Dialect()):
    with pytest.raises(DelimitedError) as caught:
        read_rows(text, dialect)
    return (caught.value.line, caught.value.column)


def test_line_breaks_of_all_kinds():
    assert read_rows("a\nb\r\nc\rd") == [["a"], ["b"], ["c"], ["d"]]
    assert read_rows("a\r\n") == [["a"]]


def test_only_these_are_line_breaks():
    assert read_rows("a\x0bb\x0cc\u2028d\x85e\n") == [["a\x0bb\x0cc\u2028d\x85e"]]


def test_empty_fields():
    assert read_rows("a,\n,b\n,\n") == [["a", ""], ["", "b"], ["", ""]]
    assert read_rows("a,") == [["a", ""]]
    assert read_rows('""\n"",""') == [[""], ["", ""]]


def test_empty_lines_are_skipped_and_blank_lines_are_not():
    assert read_rows("") == []
    assert read_rows("\n\r\n\na\n\n\nb\n\n") == [["a"], ["b"]]
    assert read_rows(" \n\t\n") == [[" "], ["\t"]]
    assert read_rows(" \n\na\n", TRIM) == [[""], ["a"]]


def test_quoted_fields_hold_delimiters_and_line_breaks():
    assert read_rows('"a,b","c\nd\r\ne\rf",g') == [["a,b", "c\nd\r\ne\rf", "g"]]
    assert read_rows('"a\n\n# b"\n', Dialect(comment="#")) == [["a\n\n# b"]]


def test_doubled_quotes():
    assert read_rows('"a""b","""","""c"""\n') == [['a"b', '"', '"c"']]


def test_quote_within_an_unquoted_field_is_ordinary():
    assert read_rows('a"b,6" nail,x""\n') == [['a"b', '6" nail', 'x""']]
    assert read_rows(' "a"\n') == [[' "a"']]


def test_comments():
    dialect = Dialect(comment="#")
    assert read_rows('# a,"b\nx,#y\n #z\n"#q"\n#', dialect) == [["x", "#y"], [" #z"], ["#q"]]
    assert read_rows(" #z\n#y", Dialect(comment="#", trim=True)) == [["#z"]]
    assert read_rows("#a\n") == [["#a"]]


def test_trim():
    assert read_rows(' a b \t, "c " ,\t"d"\n  ,e', TRIM) == [["a b", "c ", "d"], ["", "e"]]
    assert read_rows(" a , b\n") == [[" a ", " b"]]


def test_trim_removes_only_spaces_and_tabs():
    assert read_rows("\u00a0a\x0b,\x0cb\n", TRIM) == [["\u00a0a\x0b", "\x0cb"]]


def test_trim_never_drops_the_delimiter():
    tabs = Dialect(delimiter="\t", trim=True)
    assert read_rows('a\t\t b \n\t"c" \td', tabs) == [["a", "", "b"], ["", "c", "d"]]
    spaces = Dialect(delimiter=" ", trim=True)
    assert read_rows("a  \tb", spaces) == [["a", "", "b"]]


def test_other_characters():
    dialect = Dialect(delimiter="|", quote="^", comment="]")
    assert read_rows("a|^b|c^^d^|e\n]x", dialect) == [["a", "b|c^d", "e"]]
    assert read_rows("a-b-'c-d'", Dialect(delimiter="-", quote="'")) == [["a", "b", "c-d"]]


def test_text_after_a_closing_quote():
    assert place('x,"a"b') == (1, 6)
    assert place('"a" ,b') == (1, 4)
    assert place('"a" "b"', TRIM) == (1, 5)


def test_position_counts_lines_within_quotes():
    assert place('"a\nb\r\nc\rd"x') == (4, 3)
    assert place('\r\n\r\nk,"a\n\n\n') == (3, 3)


def test_position_after_comments_and_empty_lines():
    assert place('#"\n\n  "a"?', Dialect(comment="#", trim=True)) == (3, 6)


def test_unclosed_quotes():
    assert place('"') == (1, 1)
    assert place('a,"b""') == (1, 3)
    assert place('"a\n"b",c') == (2, 2)


def test_write_quotes_only_what_needs_it():
    assert write_rows([["a b", "c,d", 'e"f', "g\nh", "i\rj", " k", ""]]) == 'a b,"c,d","e""f","g\nh","i\rj", k,\n'
    assert write_rows([[" a", "b\t", "c d", ""]], TRIM) == '" a","b\t",c d,\n'
    assert write_rows([]) == ""


def test_write_a_lonely_empty_field():
    assert write_rows([[""], ["", ""]]) == '""\n,\n'


def test_write_comments():
    assert write_rows([["#a", "#b"], ["a#", "#"]], Dialect(comment="#")) == '"#a",#b\na#,#\n'
    assert write_rows([["#a"]]) == "#a\n"


def test_write_refuses_an_empty_record():
    with pytest.raises(ValueError):
        write_rows([["a"], []])


def test_there_and_back():
    source = random.Random(11)
    dialects = [Dialect(), TRIM, Dialect(";", "'", "#", True), Dialect("\t", '"', "%", True), Dialect("|", "~", "#")]
    for dialect in dialects:
        for _ in range(150):
            rows = [
                [
                    "".join(source.choices("ab \t,;|'\"~#%\r\n", k=source.randrange(5)))
                    for _ in range(source.randrange(1, 4))
                ]
                for _ in range(source.randrange(4))
            ]
            assert read_rows(write_rows(rows, dialect), dialect) == rows
