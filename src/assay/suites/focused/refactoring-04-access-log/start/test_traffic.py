from traffic import Row, hourly, summarise

LOG = """\
# morning
09:15:02 GET /shop/7?color=red 200 512 31
09:15:04 GET /shop/8/ 500 - 90
this is not a request

11:00:00 POST /cart 302 0 12
"""


def test_summary():
    summary = summarise(LOG.splitlines())
    assert summary.total == 3
    assert summary.bad == [4]
    assert summary.rows == [Row("/shop/:id", 2, 1, 512, 90, 60, 66.7), Row("/cart", 1, 0, 0, 12, 12, 33.3)]


def test_methods_apart():
    assert [row.name for row in summarise(LOG.splitlines(), per_method=True).rows] == ["GET /shop/:id", "POST /cart"]


def test_other():
    assert summarise(LOG.splitlines(), top=1).rows[1] == Row("(other)", 1, 0, 0, 12, 12, 33.3)


def test_hours():
    assert hourly(LOG.splitlines()) == [(9, 2), (10, 0), (11, 1)]
