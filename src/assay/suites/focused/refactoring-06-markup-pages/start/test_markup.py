from markup import outline, render

NOTE = """\
# Bread

Mix *well*, then wait
for **two** hours.

- flour
- water
  1. cold
  2. clean

> It smells `good`
"""


def test_note():
    assert render(NOTE).split("\n") == [
        '<h1 id="bread">Bread</h1>',
        "<p>Mix <em>well</em>, then wait for <strong>two</strong> hours.</p>",
        "<ul>",
        "<li>",
        "flour",
        "</li>",
        "<li>",
        "water",
        "<ol>",
        "<li>",
        "cold",
        "</li>",
        "<li>",
        "clean",
        "</li>",
        "</ol>",
        "</li>",
        "</ul>",
        "<blockquote>",
        "<p>It smells <code>good</code></p>",
        "</blockquote>",
    ]


def test_code():
    assert render("```py\na < b\n```") == '<pre><code class="language-py">a &lt; b</code></pre>'


def test_outline():
    assert outline("# One\n## Two\n# One") == [(1, "one", "One"), (2, "two", "Two"), (1, "one-2", "One")]
