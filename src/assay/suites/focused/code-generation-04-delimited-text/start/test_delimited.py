import pytest
from delimited import DelimitedError, Dialect, read_rows, write_rows


def test_read():
    assert read_rows('a,b\n"x, y",z\n') == [["a", "b"], ["x, y", "z"]]


def test_trim_and_comment():
    assert read_rows("# note\n a ; b\n", Dialect(delimiter=";", comment="#", trim=True)) == [["a", "b"]]


def test_quote_that_is_never_closed():
    with pytest.raises(DelimitedError) as caught:
        read_rows('a\nb,"c')
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_write():
    assert write_rows([["a", 'say "b"', ""]]) == 'a,"say ""b""",\n'
