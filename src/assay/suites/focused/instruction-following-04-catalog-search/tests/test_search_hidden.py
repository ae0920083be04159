import ast
import hashlib
import inspect

import catalog as module
import pytest
from catalog import Book, Catalog, CatalogError

UNCHANGED = {
    "textkit.py": "4734630e5bee379c82bfd60c738b6d8a6c96f88e04d890996425140c4aa419ca",
    "test_catalog.py": "7e08a3575cb68c965ab715937a30b0f7ed87d6733f83822685097f5f23d167a4",
}
TIDES = Book("1", "The Tides of Älvsund", "Mira Højgaard", 1998, ("Sea",))
KNOTS = Book("2", "Knots and Tides", "Oscar Lind", 2011, ("Sea", "Craft"))
TIDAL = Book("3", "Tidal Power: an Introduction", "Inès Faure", 2015, ("Énergie",))
STREET = Book("4", "Große Straße", "Karl Weiß", 1975)
TIDE = Book("5", "tide tables 2011", "Oscar  Lind", 2011, ("sea",))
BOOKS = (TIDES, KNOTS, TIDAL, STREET, TIDE)


def filled(books=BOOKS):
    catalog = Catalog()
    for book in books:
        catalog.add(book)
    return catalog


def source(workspace):
    return (workspace / "catalog.py").read_text(encoding="utf-8")


def parameters(method):
    return [(one.name, one.kind.name, one.default) for one in inspect.signature(method).parameters.values()]


def test_words_are_found_by_their_beginning():
    assert filled().search("power") == [TIDAL]
    assert filled().search("intro tid") == [TIDAL]
    assert filled().search("idal") == []


def test_text_is_compared_as_everywhere():
    assert filled().search("ALVSUND") == [TIDES]
    assert filled().search("grosse strasse") == [STREET]
    assert filled().search("  knots,and ") == [KNOTS]


def test_all_words_must_fit():
    assert filled().search("tides knots") == [KNOTS]
    assert filled().search("tides power") == []


def test_whole_words_come_first_then_newer_ones():
    assert filled().search("tides") == [KNOTS, TIDES]
    assert filled().search("tide") == [TIDE, KNOTS, TIDES]
    assert filled().search("tid") == [TIDAL, KNOTS, TIDE, TIDES]


def test_whole_words_only_if_all_of_them_are():
    books = (
        Book("1", "Salt and Stones", "A", 2020),
        Book("2", "Stone and Salt", "B", 1950),
        Book("3", "Salt Stones", "C", 1990),
    )
    assert [book.number for book in filled(books).search("salt stone")] == ["2", "1", "3"]


def test_one_year_by_title_then_as_added():
    books = [Book(str(at), title, "A", 2000) for at, title in enumerate(("étoile", "Zone", "Eta", "ETOILE", "eto"))]
    assert [book.number for book in filled(books).search("")] == ["2", "4", "0", "3", "1"]


def test_query_without_words_fits_all():
    assert filled().search(" -- ") == [TIDAL, KNOTS, TIDE, TIDES, STREET]
    assert Catalog().search("anything") == []


def test_filters():
    catalog = filled()
    assert catalog.search("", author="oscar LIND") == [KNOTS, TIDE]
    assert catalog.search("", subject="SEA") == [KNOTS, TIDE, TIDES]
    assert catalog.search("", subject="energie") == [TIDAL]
    assert catalog.search("tid", since=2011) == [TIDAL, KNOTS, TIDE]
    assert catalog.search("tid", author="Oscar Lind", subject="craft", since=2011) == [KNOTS]
    assert catalog.search("", author="Oscar") == []
    assert catalog.search("", author="") == []


def test_limit_of_search():
    assert filled().search("", limit=2) == [TIDAL, KNOTS]
    many = filled([Book(str(at), f"Volume {at}", "A", 1900 + at) for at in range(30)])
    assert [book.year for book in many.search("volume")] == list(range(1929, 1909, -1))


def test_suggestions():
    assert filled().suggest("T") == ["tides", "tables", "the", "tidal", "tide"]
    assert filled().suggest("stras") == ["strasse"]
    assert filled().suggest("ä") == ["alvsund", "an", "and"]
    assert filled().suggest("x") == []


def test_suggestions_count_books_not_words():
    books = (
        Book("1", "echo echo echo", "A", 2000),
        Book("2", "Ebb", "A", 2000),
        Book("3", "EBB and echoes", "A", 2000),
    )
    assert filled(books).suggest("e") == ["ebb", "echo", "echoes"]


def test_limit_of_suggest():
    assert filled().suggest("t", limit=1) == ["tides"]
    many = filled([Book(str(at), f"word{at:02}", "A", 2000) for at in range(15)])
    assert many.suggest("word") == [f"word{at:02}" for at in range(10)]


def test_error_texts():
    catalog = filled()
    cases = [
        (lambda: catalog.search("tides", limit=0), "limit must be at least 1, not 0"),
        (lambda: catalog.suggest("t", limit=-3), "limit must be at least 1, not -3"),
        (lambda: catalog.suggest(" ", limit=0), "limit must be at least 1, not 0"),
        (lambda: catalog.suggest(" \t"), "prefix is empty"),
    ]
    for call, text in cases:
        with pytest.raises(CatalogError) as caught:
            call()
        assert str(caught.value) == text


def test_rule_1_other_files_are_untouched(workspace):
    found = {name: hashlib.sha256((workspace / name).read_bytes()).hexdigest() for name in UNCHANGED}
    assert found == UNCHANGED


def test_rule_2_comparison_is_left_to_textkit(workspace):
    tree = ast.parse(source(workspace))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert attributes & {"lower", "upper", "casefold", "strip", "split", "replace"} == set()
    assert imported & {"re", "unicodedata"} == set()


def test_rule_3_constants(workspace):
    body = ast.parse(source(workspace)).body
    first_class = next(at for at, node in enumerate(body) if isinstance(node, ast.ClassDef))
    stored = [one for node in body[:first_class] for one in ast.walk(node) if isinstance(one, ast.Name)]
    assert {"SEARCH_LIMIT", "SUGGEST_LIMIT"} <= {one.id for one in stored if isinstance(one.ctx, ast.Store)}
    assert (module.SEARCH_LIMIT, module.SUGGEST_LIMIT) == (20, 10)


def test_rule_4_public_names(workspace):
    defined = set()
    for node in ast.parse(source(workspace)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    assert module.__all__ == sorted(name for name in defined if not name.startswith("_"))


def test_rule_5_signatures():
    empty = inspect.Parameter.empty
    assert parameters(Catalog.search) == [
        ("self", "POSITIONAL_OR_KEYWORD", empty),
        ("query", "POSITIONAL_OR_KEYWORD", empty),
        ("author", "KEYWORD_ONLY", None),
        ("subject", "KEYWORD_ONLY", None),
        ("since", "KEYWORD_ONLY", None),
        ("limit", "KEYWORD_ONLY", 20),
    ]
    assert parameters(Catalog.suggest)[1:] == [
        ("prefix", "POSITIONAL_OR_KEYWORD", empty),
        ("limit", "KEYWORD_ONLY", 10),
    ]
    assert Catalog.search.__annotations__["return"] in ("list[Book]", list[Book])
    assert Catalog.suggest.__annotations__["return"] in ("list[str]", list[str])
    public = {name: parameters(value)[1:] for name, value in vars(Catalog).items() if not name.startswith("_")}
    assert set(public) == {"add", "by_author", "get", "remove", "search", "suggest"}
    assert [public[name][0][0] for name in ("add", "by_author", "get", "remove")] == [
        "book",
        "author",
        "number",
        "number",
    ]


def test_rule_6_no_further_state(workspace):
    catalog = filled()
    assert catalog.search("tide", limit=5) == [TIDE, KNOTS, TIDES]
    assert catalog.suggest("ti") == ["tides", "tidal", "tide"]
    assert set(vars(catalog)) == {"_books"}
    catalog.remove("5")
    catalog.add(Book("6", "Time and Tide", "B", 1960))
    assert [book.number for book in catalog.search("tide")] == ["6", "2", "1"]
    assert catalog.suggest("ti") == ["tides", "tidal", "tide", "time"]
    nodes = list(ast.walk(ast.parse(source(workspace))))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    used |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert used & {"lru_cache", "cache", "cached_property"} == set()
    assert [node.names for node in nodes if isinstance(node, ast.Global)] == []


def test_rule_7_short_lines(workspace):
    assert [line for line in source(workspace).splitlines() if len(line) > 88] == []
