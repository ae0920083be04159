import ast

import pytest
from markup import outline, render


def lines(*note):
    """The lines of HTML for the lines of a note."""
    return render("\n".join(note)).split("\n")


def paragraphs(*texts):
    """What is within the paragraph of each text."""
    shown = [render(text) for text in texts]
    assert all(html.startswith("<p>") and html.endswith("</p>") for html in shown)
    return [html[3:-4] for html in shown]


def items(*entries):
    """The lines of a list: each entry is an item's text, or the lines of a list below the item before it."""
    html = ["<ul>"]
    for entry in entries:
        html[1:] = html[1:-1] if isinstance(entry, list) else html[1:]
        html += [*entry, "</li>"] if isinstance(entry, list) else ["<li>", entry, "</li>"]
    return [*html, "</ul>"]


def test_nothing():
    assert [render(text) for text in ("", "\n\n", "  \n\t\n", "\r\n")] == [""] * 4
    assert outline("") == []


def test_paragraphs():
    assert lines("one", "two", "", " ", "three  ") == ["<p>one two</p>", "<p>three</p>"]
    assert lines("  one", "\ttwo ", "  three") == ["<p>one two three</p>"]


def test_hard_breaks():
    assert lines("one  ", "two", "three   ", "four ", "five") == ["<p>one<br>two three<br>four five</p>"]
    assert lines("> one  ", "> two", "- one  ", "  two") == [
        "<blockquote>",
        "<p>one<br>two</p>",
        "</blockquote>",
        *items("one two"),
    ]


def test_line_ends():
    assert render("one\r\ntwo  \r\nthree") == "<p>one two<br>three</p>"
    assert render("one\x0btwo\x0cthree\u2028four\x85five") == "<p>one\x0btwo\x0cthree\u2028four\x85five</p>"
    assert render("one\rtwo") == "<p>one\rtwo</p>"


def test_headings():
    assert lines("# One", "##   Two  ", "### *Three* #", "text", "# Four", "text") == [
        '<h1 id="one">One</h1>',
        '<h2 id="two">Two</h2>',
        '<h3 id="three"><em>Three</em> #</h3>',
        "<p>text</p>",
        '<h1 id="four">Four</h1>',
        "<p>text</p>",
    ]
    assert paragraphs("#One", "#### One", "# ", " # One", "##", "\\# One", "text # One") == [
        "#One",
        "#### One",
        "#",
        "# One",
        "##",
        "# One",
        "text # One",
    ]


def test_names_of_headings():
    titles = ["A", "a!", "A-2", "a", "?", "??", "É_ß 1", "--b--c--", "a 2"]
    names = ["a", "a-2", "a-2-2", "a-3", "section", "section-2", "é-ß-1", "b-c", "a-2-3"]
    note = "\n".join(f"## {title}" for title in titles)
    assert outline(note) == [(2, name, title) for name, title in zip(names, titles, strict=True)]
    assert render(note).split("\n")[3] == '<h2 id="a-3">a</h2>'
    assert [line.split('"')[1] for line in render(note).split("\n")] == names


def test_outline_keeps_titles_as_written():
    note = "text\n# **A** `b` <c>  \n```\n# code\n``` \n### [d](e)\n> # quoted\n- # item\n ## x\n``` `\n## y\n```z"
    assert outline(note + "\n## w\n") == [(1, "a-b-c", "**A** `b` <c>"), (3, "d-e", "[d](e)"), (2, "y", "y")]
    assert outline("# a\r\n# a\u2028b\r\n") == [(1, "a", "a"), (1, "a-b", "a\u2028b")]


def test_code():
    assert lines("a", '```  x"y ', "# *a* & \"b\" 'c'", "", "  - <d>", "````", "```  ", "b") == [
        "<p>a</p>",
        "<pre><code class=\"language-x&quot;y\"># *a* &amp; &quot;b&quot; 'c'",
        "",
        "  - &lt;d&gt;",
        "````</code></pre>",
        "<p>b</p>",
    ]
    assert render("```\n```") == "<pre><code></code></pre>"
    assert render("``` \n\n```") == "<pre><code></code></pre>"


def test_code_that_is_not_closed():
    assert render("```\na\n") == "<pre><code>a\n</code></pre>"
    assert render("```") == "<pre><code></code></pre>"
    assert lines("> q", "```", "> q", "```py")[2:] == ["</blockquote>", "<pre><code>&gt; q", "```py</code></pre>"]


def test_what_is_not_code():
    assert render("```a```") == "<p>``<code>a</code>``</p>"
    assert render(" ```\na") == "<p>``` a</p>"
    assert lines("- a", "  ```", "  b") == items("a ``` b")


def test_rules_across_the_page():
    assert lines("a", "---", "-----  ", "- b", "---", "\t---") == [
        "<p>a</p>",
        "<hr>",
        "<hr>",
        *items("b"),
        "<hr>",
        "<hr>",
    ]
    assert paragraphs("--", " ---", "---a", "a\n ---") == ["--", "---", "---a", "a ---"]


def test_quotes():
    assert lines("a", "> b", ">c", ">  d", ">", "> e", "f", "> g", "", "> h") == [
        "<p>a</p>",
        "<blockquote>",
        "<p>b c d</p>",
        "<p>e</p>",
        "</blockquote>",
        "<p>f</p>",
        "<blockquote>",
        "<p>g</p>",
        "</blockquote>",
        "<blockquote>",
        "<p>h</p>",
        "</blockquote>",
    ]
    assert lines(">", "> ", "# a") == ["<blockquote>", "</blockquote>", '<h1 id="a">a</h1>']
    assert lines("> - a", "> # b", " > c") == ["<blockquote>", "<p>- a # b</p>", "</blockquote>", "<p>&gt; c</p>"]


def test_lists():
    assert lines("- a", "-  b  ", " - c", "text") == [*items("a", "b", "c"), "<p>text</p>"]
    assert lines("text", "- a", "> q", "- b") == [
        "<p>text</p>",
        *items("a"),
        "<blockquote>",
        "<p>q</p>",
        "</blockquote>",
        *items("b"),
    ]
    assert paragraphs("-a", "-", "- ", "* a", "\t- a") == ["-a", "-", "-", "* a", "- a"]


def test_nested_lists():
    assert lines("- a", "  - b", "    - c", "  - d", "- e") == items("a", items("b", items("c"), "d"), "e")
    assert lines("- a", "      - b", "   - c", "    - d") == items("a", items("b", "c", items("d")))
    assert lines("    - a", "    - b", "- c") == items("a", items("b"), "c")
    assert lines("- a", "  - b", "    - c", "- d") == items("a", items("b", items("c")), "d")


def test_numbered_lists():
    assert lines("1. a", "7. b") == ["<ol>", "<li>", "a", "</li>", "<li>", "b", "</li>", "</ol>"]
    assert lines("03. a") == ['<ol start="3">', "<li>", "a", "</li>", "</ol>"]
    assert lines("0. a")[0] == '<ol start="0">'
    assert lines("01. a")[0] == "<ol>"
    assert lines("123456789. a")[0] == '<ol start="123456789">'
    assert paragraphs("1234567890. a", "1.a", "1.", "1) a", "\u0661. a") == [
        "1234567890. a",
        "1.a",
        "1.",
        "1) a",
        "\u0661. a",
    ]


def test_kinds_of_lists_change():
    assert lines("- a", "2. b", "- c") == [
        *items("a"),
        '<ol start="2">',
        "<li>",
        "b",
        "</li>",
        "</ol>",
        *items("c"),
    ]
    assert lines("- a", "  - b", "  1. c", "- d") == items(
        "a", [*items("b"), "<ol>", "<li>", "c", "</li>", "</ol>"], "d"
    )


def test_numbers_within_paragraphs():
    assert lines("It was in", "1987. Then", "1. a")[:2] == ["<p>It was in 1987. Then</p>", "<ol>"]
    assert lines("a", "01. b", "  2. c") == ["<p>a 01. b 2. c</p>"]
    assert lines("> a", "2. b")[3] == '<ol start="2">'
    assert lines("# a", "2. b")[1] == '<ol start="2">'


def test_boxes():
    assert lines("- [ ] a", "- [x] *b*", "- [X] c", "- [x]d", "- [ ]", "-  [x]  e", "1. [x] f") == [
        "<ul>",
        *('<li class="todo">', "a", "</li>"),
        *('<li class="done">', "<em>b</em>", "</li>"),
        *('<li class="done">', "c", "</li>"),
        *("<li>", "[x]d", "</li>"),
        *("<li>", "[ ]", "</li>"),
        *('<li class="done">', " e", "</li>"),
        "</ul>",
        "<ol>",
        *("<li>", "[x] f", "</li>"),
        "</ol>",
    ]


def test_items_of_several_lines():
    assert lines("- a", "  b ", "     c", "  # d", "  ---") == items("a b c # d ---")
    assert lines("- a *b", "  c* d") == items("a <em>b c</em> d")
    assert lines("- a", " b") == [*items("a"), "<p>b</p>"]
    assert lines("- a", "  - b", "  c") == items("a", items("b c"))


def test_blank_lines_in_lists():
    assert lines("- a", "", "", "- b", "", "  - c", "   ") == items("a", "b", items("c"))
    assert lines("- a", "", "  b", "  c") == [*items("a"), "<p>b c</p>"]
    assert lines("- a", "", "- b", "  c", "", "d") == [*items("a", "b c"), "<p>d</p>"]
    assert lines("- a", "", "1. b")[-4:] == ["<li>", "b", "</li>", "</ol>"]


def test_bold_and_italic():
    assert paragraphs("**a** *b*", "**a *b* c**", "*a **b** c*", "***a**", "**a***", "a*b*c", "* a*", "*a *") == [
        "<strong>a</strong> <em>b</em>",
        "<strong>a <em>b</em> c</strong>",
        "<em>a </em><em>b</em>* c*",
        "<strong>*a</strong>",
        "<strong>a</strong>*",
        "a<em>b</em>c",
        "* a*",
        "<em>a </em>",
    ]
    assert paragraphs("**a", "****", "****a**", "*a", "**", "*", "a  \n*b\nc*") == [
        "**a",
        "****",
        "**<strong>a</strong>",
        "*a",
        "**",
        "*",
        "a<br><em>b c</em>",
    ]


def test_code_and_backslashes_in_text():
    assert paragraphs("`*a*` `<b>`", "``", "`a", "``a``", "`a\\`b`") == [
        "<code>*a*</code> <code>&lt;b&gt;</code>",
        "``",
        "`a",
        "`<code>a</code>`",
        "<code>a\\</code>b`",
    ]
    assert paragraphs("\\*a\\*", "\\\\*a*", "\\a", "a\\", "\\<\\>\\`\\[\\]\\#\\-", "\\&", "*a\\*b*") == [
        "*a*",
        "\\<em>a</em>",
        "\\a",
        "a\\",
        "&lt;&gt;`[]#-",
        "\\&amp;",
        "<em>a\\</em>b*",
    ]


def test_characters_of_html():
    assert paragraphs("<b> & \"c\" 'd' &amp;") == ["&lt;b&gt; &amp; &quot;c&quot; 'd' &amp;amp;"]
    assert lines("# <a>'")[0] == '<h1 id="a">&lt;a&gt;\'</h1>'
    assert lines("- <a>") == items("&lt;a&gt;")


def test_links():
    assert paragraphs('[a](b?c&d="e")', "[**a**](  b c )", "[a]()", "[a] (b)", "[a](b", "[](b)", "[a [b](c)") == [
        '<a href="b?c&amp;d=&quot;e&quot;">a</a>',
        '<a href="b c"><strong>a</strong></a>',
        '<a href="">a</a>',
        "[a] (b)",
        "[a](b",
        "[](b)",
        '<a href="c">a [b</a>',
    ]
    assert paragraphs("[a](b)(c)", "[a](b)[c](d)", "[a\nb](c)", "[a](x_*y*)", "[[a](b)](c)") == [
        '<a href="b">a</a>(c)',
        '<a href="b">a</a><a href="d">c</a>',
        '<a href="c">a b</a>',
        '<a href="x_*y*">a</a>',
        '<a href="b">[a</a>](c)',
    ]


def test_links_that_are_refused():
    assert paragraphs("[*a*](javascript:b)", "[a]( JavaScript:b())", "[a](data:b)", "[a](x/data:b)") == [
        "<em>a</em>",
        "a)",
        "a",
        '<a href="x/data:b">a</a>',
    ]


@pytest.fixture
def tree(workspace):
    return ast.parse((workspace / "markup.py").read_text(encoding="utf-8"))


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEEPER = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def test_no_function_is_long(tree):
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    assert [node.name for node in functions if node.end_lineno - node.lineno + 1 > 25] == []


def depth(node):
    """How many statements are inside each other, at most, from ``node`` down."""
    below = 0
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and name == "orelse"
                below = max(below, depth(child) - (is_elif and len(value) == 1))
    return below + isinstance(node, DEEPER)


def test_no_function_is_deep(tree):
    assert [node.name for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and depth(node) > 2] == []


def test_imports(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names & {"html", "xml", "markdown", "cgi", "importlib"} == set()
