import dataclasses
import inspect

import pytest
from traffic import Row, Summary, hourly, summarise


def line(path="/", status=200, size=10, time=5, method="GET", at="10:00:00"):
    return f"{at} {method} {path} {status} {size} {time}"


def names(*lines, **options):
    return [row.name for row in summarise(lines, **options).rows]


def log(**hits):
    """One line for each hit, path by path."""
    return [line(f"/{name}") for name, count in hits.items() for _ in range(count)]


def test_nothing():
    assert summarise([]) == Summary(0, [], [])
    assert summarise(["", "  \n", "# note", "  # note"], top=3) == Summary(0, [], [])
    assert hourly([]) == []
    assert hourly(["bad"]) == []


def test_all_figures_of_a_row():
    lines = [line("/a", 200, 100, 30), line("/a", 503, "-", 7), line("/a", 404, 20, 90), line("/b", 500, 1, 0)]
    assert summarise(lines).rows == [Row("/a", 3, 1, 120, 90, 30, 75.0), Row("/b", 1, 1, 1, 0, 0, 25.0)]


def test_numbers_of_bad_lines_count_all_lines():
    lines = ["", "bad", "# note", line(), " \t", line() + " more", "10:00:00 GET / 200 1"]
    summary = summarise(lines)
    assert (summary.total, summary.bad) == (1, [2, 6, 7])


def test_what_is_a_time():
    bad = ["24:00:00", "10:60:00", "10:00:60", "1:00:00", "10:00", "10:00:00:00", "10-00-00", "aa:00:00", "+1:00:00"]
    assert summarise([line(at=at) for at in bad]).bad == list(range(1, 10))
    assert summarise([line(at=at) for at in ("00:00:00", "23:59:59")]).bad == []


def test_what_is_a_method_and_a_path():
    bad = [line(method="get"), line(method="GET1"), line(method="M-SEARCH"), line("shop"), line("*"), line("?a")]
    assert summarise(bad).bad == [1, 2, 3, 4, 5, 6]
    assert names(line(method="PURGE"), per_method=True) == ["PURGE /"]


def test_what_is_a_status():
    assert summarise([line(status=status) for status in (99, 600, "0200", "2xx", "-", "")]).bad == [1, 2, 3, 4, 5, 6]
    assert summarise([line(status=status) for status in (100, 599)]).bad == []


def test_what_are_size_and_time():
    assert summarise([line(size=size) for size in ("--", "-1", "1.5", "x")]).bad == [1, 2, 3, 4]
    assert summarise([line(time=time) for time in ("-", "-1", "1.5", "x")]).bad == [1, 2, 3, 4]
    assert summarise([line(size="007", time="08"), "  " + line(size="-") + " \n"]).rows[0].size == 7


def test_only_ascii():
    assert summarise([line("/caf\u00e9"), line(size="\u0661"), line(at="1\u0660:00:00"), line("/caf%C3%A9")]).bad == [
        1,
        2,
        3,
    ]
    assert hourly([line("/\u00e9", at="09:00:00"), line()]) == [(10, 1)]


def test_paths_are_put_together():
    assert names(line("/a"), line("/a/"), line("/a//"), line("/a?x=1"), line("/a/?x=/b")) == ["/a"]
    assert names(line("/"), line("//"), line("/?a"), line("/?"), line("///?a?b")) == ["/"]
    assert names(line("/a/1/b"), line("/a/007/b/"), line("/a/2/b?c=3")) == ["/a/:id/b"]
    assert names(line("/1"), line("/2/3")) == ["/:id", "/:id/:id"]
    assert names(line("/a//b"), line("/a/b"), line("/A/b"), line("/v1/x2"), line("/a/-1")) == [
        "/a//b",
        "/a/b",
        "/A/b",
        "/v1/x2",
        "/a/-1",
    ]


def test_order_of_rows():
    lines = [line("/late"), line("/c"), line("/b"), line("/b"), line("/a"), line("/c"), line("/first")]
    assert names(*lines) == ["/c", "/b", "/late", "/a", "/first"]


def test_methods():
    lines = [line("/b"), line("/a", method="POST"), line("/a"), line("/a"), line("/b", method="POST")]
    assert names(*lines) == ["/a", "/b"]
    assert names(*lines, per_method=True) == ["GET /a", "GET /b", "POST /a", "POST /b"]


def test_errors_only():
    lines = [line("/a", 200), line("/a", 399), line("/b", 400), line("/a", 500, 7, 9), line("/b", 599), line("/c"), "x"]
    summary = summarise(lines, errors_only=True)
    assert (summary.total, summary.bad) == (6, [7])
    assert summary.rows == [Row("/b", 2, 1, 20, 5, 5, 66.7), Row("/a", 1, 1, 7, 9, 9, 33.3)]
    assert names(*lines, errors_only=True, per_method=True) == ["GET /b", "GET /a"]
    assert summarise([line("/a")], errors_only=True) == Summary(1, [], [])


def test_median():
    def median(*times):
        return summarise([line(time=time) for time in times]).rows[0].median

    assert [median(5), median(9, 1), median(1, 4), median(100, 20, 3), median(7, 1, 4, 2), median(0, 1)] == [
        5,
        5,
        2,
        20,
        3,
        0,
    ]
    assert type(median(1, 4)) is int


def test_shares_are_rounded_each():
    assert [row.share for row in summarise(log(a=1, b=1, c=1)).rows] == [33.3, 33.3, 33.3]
    assert [row.share for row in summarise(log(a=5, b=2, c=1)).rows] == [62.5, 25.0, 12.5]
    assert [row.share for row in summarise(log(a=15, b=1)).rows] == [93.8, 6.2]
    assert [row.share for row in summarise(log(a=13, b=3)).rows] == [81.2, 18.8]


def test_other_is_made_from_the_requests():
    lines = [line("/a", time=1), line("/a"), line("/b", 500, 3, 1), line("/c", 200, 4, 8), line("/c", 502, 5, 9)]
    lines += [line("/d", 200, 6, 2), line("/d", 200, 7, 3), line("/a")]
    assert summarise(lines, top=1).rows == [
        Row("/a", 3, 0, 30, 5, 5, 37.5),
        Row("(other)", 5, 2, 25, 9, 3, 62.5),
    ]


def test_share_of_other_is_rounded_once():
    assert summarise(log(a=4, b=1, c=1), top=1).rows[1].share == 33.3
    assert summarise(log(a=3, b=2, c=1, d=1), top=1).rows[1].share == 57.1


def test_other_is_last_and_only_where_needed():
    lines = log(a=1, b=2, c=1, d=1)
    assert names(*lines, top=1) == ["/b", "(other)"]
    assert names(*lines, top=3) == ["/b", "/a", "/c", "(other)"]
    assert names(*lines, top=4) == names(*lines, top=9) == names(*lines) == ["/b", "/a", "/c", "/d"]


def test_negative_top_is_refused_before_reading():
    lines = iter([line()])
    with pytest.raises(ValueError, match=r"^top must not be negative$"):
        summarise(lines, top=-1)
    assert next(lines) == line()


def test_lines_may_come_once():
    assert summarise(iter(log(a=2, b=1)), per_method=True, top=1).total == 3
    assert hourly(iter([line()])) == [(10, 1)]


def test_hours_have_no_gaps():
    lines = [line(at="13:59:59"), line(at="10:00:00"), "bad", line(at="13:00:00"), line(at="25:00:00"), "# 23"]
    assert hourly(lines) == [(10, 1), (11, 0), (12, 0), (13, 2)]


def test_hours_of_errors_span_the_whole_log():
    lines = [line(at="00:10:00"), line(at="01:00:00", status=399), line(at="02:00:00", status=400), line(at="03:00:00")]
    assert hourly(lines, errors_only=True) == [(0, 0), (1, 0), (2, 1), (3, 0)]
    assert hourly(lines[:1], errors_only=True) == [(0, 0)]


def test_interface():
    parameters = inspect.signature(summarise).parameters
    assert [(name, one.default) for name, one in parameters.items()][1:] == [
        ("per_method", False),
        ("errors_only", False),
        ("top", 0),
    ]
    assert list(inspect.signature(hourly).parameters) == ["lines", "errors_only"]
    fields = [field.name for field in dataclasses.fields(Row)]
    assert fields == ["name", "hits", "errors", "size", "slowest", "median", "share"]
    assert [field.name for field in dataclasses.fields(Summary)] == ["total", "bad", "rows"]
