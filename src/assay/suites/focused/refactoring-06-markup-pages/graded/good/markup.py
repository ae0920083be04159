"""Notes in a small markup language, shown as HTML."""

import re

HEADING = re.compile(r"(#|##|###) (.*\S.*)")
BULLET = re.compile(r"( *)- (.*\S.*)")
NUMBER = re.compile(r"( *)([0-9]{1,9})\. (.*\S.*)")


class State:
    """What is open while a note is read."""

    def __init__(self):
        self.out = []
        self.used = []
        self.par = []
        self.quote = False
        self.lists = []
        self.item = []
        self.gap = False
        self.code = None
        self.lang = ""


def render(text):
    """Return the HTML of a note."""
    state = State()
    for line in split_lines(text):
        if state.code is not None:
            add_code(state, line)
        elif is_fence(line):
            close_all(state)
            state.code = []
            state.lang = line[3:].strip()
        else:
            add_line(state, line)
    if state.code is not None:
        end_code(state)
    close_all(state)
    return "\n".join(state.out)


def outline(text):
    """Return (level, id, title) of each heading of a note; titles as they are written."""
    result = []
    used = []
    in_code = False
    for line in split_lines(text):
        heading = HEADING.fullmatch(line)
        if in_code:
            in_code = line.rstrip() != "```"
        elif is_fence(line):
            in_code = True
        elif heading:
            title = heading[2].strip()
            result.append((len(heading[1]), make_id(title, used), title))
    return result


def split_lines(text):
    """Return the lines of a note."""
    return text.replace("\r\n", "\n").split("\n")


def escape(text):
    """Return text for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def is_fence(line):
    """Tell whether a block of code begins with a line."""
    return line.startswith("```") and "`" not in line[3:]


def is_rule(line):
    """Tell whether a line is a rule across the page."""
    stripped = line.strip()
    return len(stripped) >= 3 and stripped.strip("-") == "" and not line.startswith(" ")


def make_id(title, used):
    """Return an id for a heading that was not used before."""
    words = "".join(c if c.isalnum() else " " for c in title.lower()).split()
    name = "-".join(words)
    if name == "":
        name = "section"
    unique = name
    number = 1
    while unique in used:
        number += 1
        unique = f"{name}-{number}"
    used.append(unique)
    return unique


def add_code(state, line):
    """Add a line to a block of code."""
    if line.rstrip() == "```":
        end_code(state)
    else:
        state.code.append(escape(line))


def end_code(state):
    """End a block of code."""
    code = "\n".join(state.code)
    if state.lang == "":
        state.out.append(f"<pre><code>{code}</code></pre>")
    else:
        state.out.append(f'<pre><code class="language-{escape(state.lang)}">{code}</code></pre>')
    state.code = None


def close_par(state):
    """End a paragraph."""
    if not state.par:
        return
    text = ""
    for line in state.par:
        text += line.strip()
        text += "\n" if line.endswith("  ") else " "
    state.out.append(f"<p>{inline(text[:-1])}</p>")
    state.par = []


def close_quote(state):
    """End a quote."""
    close_par(state)
    if state.quote:
        state.out.append("</blockquote>")
        state.quote = False


def close_item(state):
    """Write the text of an item."""
    if state.item:
        state.out.append(inline(" ".join(state.item)))
        state.item = []


def close_lists(state, depth):
    """End lists until only some are left."""
    while len(state.lists) > depth:
        close_item(state)
        state.out.append("</li>")
        state.out.append(f"</{state.lists.pop()}>")


def close_all(state):
    """End all that is open."""
    close_quote(state)
    close_lists(state, 0)
    state.gap = False


def find_item(state, line):
    """Return indent, number (None for a bullet) and content of an item, or None."""
    bullet = BULLET.fullmatch(line)
    if bullet:
        return len(bullet[1]), None, bullet[2].strip()
    number = NUMBER.fullmatch(line)
    if number is None:
        return None
    if state.par and not state.quote and number[2] != "1":
        return None
    return len(number[1]), number[2], number[3].strip()


def add_line(state, line):
    """Add a line that is not code."""
    item = find_item(state, line)
    heading = HEADING.fullmatch(line)
    if line.strip() == "":
        add_blank(state)
    elif item is not None:
        add_item(state, *item)
    elif state.lists and not state.gap and line.startswith("  "):
        state.item.append(line.strip())
    elif heading:
        add_heading(state, len(heading[1]), heading[2].strip())
    elif is_rule(line):
        close_all(state)
        state.out.append("<hr>")
    elif line.startswith(">"):
        add_quoted(state, line)
    else:
        add_text(state, line)


def add_blank(state):
    """Add a blank line."""
    if state.lists:
        state.gap = True
    else:
        close_all(state)


def add_heading(state, level, title):
    """Add a heading."""
    close_all(state)
    name = make_id(title, state.used)
    state.out.append(f'<h{level} id="{name}">{inline(title)}</h{level}>')


def add_quoted(state, line):
    """Add a line of a quote."""
    if not state.quote:
        close_all(state)
        state.out.append("<blockquote>")
        state.quote = True
    content = line[1:]
    if content.startswith(" "):
        content = content[1:]
    if content.strip() == "":
        close_par(state)
    else:
        state.par.append(content)


def add_text(state, line):
    """Add a line of a paragraph."""
    if state.lists or state.quote:
        close_all(state)
    state.par.append(line)


def add_item(state, indent, number, content):
    """Add an item to a list."""
    close_quote(state)
    state.gap = False
    kind = "ul" if number is None else "ol"
    depth = min(indent // 2, len(state.lists))
    close_lists(state, depth + 1)
    close_item(state)
    if len(state.lists) > depth:
        state.out.append("</li>")
        if state.lists[-1] != kind:
            state.out.append(f"</{state.lists.pop()}>")
    if len(state.lists) == depth:
        open_list(state, kind, number)
    begin_item(state, kind, content)


def open_list(state, kind, number):
    """Begin a list."""
    state.lists.append(kind)
    if number is not None and int(number) != 1:
        state.out.append(f'<ol start="{int(number)}">')
    else:
        state.out.append(f"<{kind}>")


def begin_item(state, kind, content):
    """Begin an item, which may have a box."""
    css = None
    if kind == "ul" and content.startswith("[ ] "):
        css = "todo"
    elif kind == "ul" and content.startswith(("[x] ", "[X] ")):
        css = "done"
    if css is None:
        state.out.append("<li>")
        state.item = [content]
    else:
        state.out.append(f'<li class="{css}">')
        state.item = [content[4:]]


def inline(text):
    """Return the HTML of text within a line."""
    out = ""
    i = 0
    while i < len(text):
        html, i = next_piece(text, i)
        out += html
    return out


def next_piece(text, i):
    """Return the HTML of what begins at a place, and the place after it."""
    c = text[i]
    found = None
    if c == "\\":
        found = read_escape(text, i)
    elif c == "`":
        found = read_code(text, i)
    elif text.startswith("**", i):
        found = read_strong(text, i)
    elif c == "*":
        found = read_em(text, i)
    elif c == "[":
        found = read_link(text, i)
    elif c == "\n":
        found = "<br>", i + 1
    if found is None:
        return escape(c), i + 1
    return found


def read_escape(text, i):
    """Read a character after a backslash."""
    following = text[i + 1 : i + 2]
    if following != "" and following in "\\`*[]<>#-":
        return escape(following), i + 2
    return None


def read_code(text, i):
    """Read code."""
    end = text.find("`", i + 1)
    if end > i + 1:
        return f"<code>{escape(text[i + 1 : end])}</code>", end + 1
    return None


def read_strong(text, i):
    """Read bold text; two stars without an end stand for themselves."""
    end = text.find("**", i + 2)
    if end > i + 2:
        return f"<strong>{inline(text[i + 2 : end])}</strong>", end + 2
    return "**", i + 2


def read_em(text, i):
    """Read italic text."""
    end = text.find("*", i + 1)
    if end > i + 1 and text[i + 1] != " ":
        return f"<em>{inline(text[i + 1 : end])}</em>", end + 1
    return None


def read_link(text, i):
    """Read a link."""
    middle = text.find("](", i + 1)
    end = text.find(")", middle)
    if middle <= i + 1 or end < 0:
        return None
    label = inline(text[i + 1 : middle])
    url = text[middle + 2 : end].strip()
    if url.lower().startswith(("javascript:", "data:")):
        return label, end + 1
    return f'<a href="{escape(url)}">{label}</a>', end + 1
