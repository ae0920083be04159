"""Notes in a small markup language, shown as HTML."""

import re

HEADING = re.compile(r"(#|##|###) (.*\S.*)")
BULLET = re.compile(r"( *)- (.*\S.*)")
NUMBER = re.compile(r"( *)([0-9]{1,9})\. (.*\S.*)")


def render(text):
    """Return the HTML of a note."""
    s = dict(out=[], used=[], par=[], quote=False, lists=[], item=[], gap=False, code=None, lang="")
    for line in split_lines(text):
        if s["code"] != None:
            add_code(s, line)
        elif is_fence(line):
            close_all(s)
            s["code"] = []
            s["lang"] = line[3:].strip()
        else:
            add_line(s, line)
    if s["code"] != None:
        end_code(s)
    close_all(s)
    return "\n".join(s["out"])


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
    return text.replace("\r\n", "\n").split("\n")


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def is_fence(line):
    if line[:3] == "```" and not "`" in line[3:]:
        return True
    else:
        return False


def is_rule(line):
    l = line.strip()
    if len(l) >= 3 and l.strip("-") == "" and not line.startswith(" "):
        return True
    else:
        return False


def make_id(title, used):
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


def add_code(s, line):
    if line.rstrip() == "```":
        end_code(s)
    else:
        s["code"].append(escape(line))


def end_code(s):
    code = "\n".join(s["code"])
    if s["lang"] == "":
        s["out"].append(f"<pre><code>{code}</code></pre>")
    else:
        s["out"].append("<pre><code class=\"language-%s\">%s</code></pre>" % (escape(s["lang"]), code))
    s["code"] = None


def close_par(s):
    if not s["par"]:
        return
    text = ""
    for l in s["par"]:
        text += l.strip()
        if l[-2:] == "  ":
            text += "\n"
        else:
            text += " "
    s["out"].append(f"<p>{inline(text[:-1])}</p>")
    s["par"] = []


def close_quote(s):
    close_par(s)
    if s["quote"] == True:
        s["out"].append("</blockquote>")
        s["quote"] = False


def close_item(s):
    if s["item"]:
        s["out"].append(inline(" ".join(s["item"])))
        s["item"] = []


def close_lists(s, depth):
    while len(s["lists"]) > depth:
        close_item(s)
        s["out"].append("</li>")
        s["out"].append("</" + s["lists"].pop() + ">")


def close_all(s):
    close_quote(s)
    close_lists(s, 0)
    s["gap"] = False


def find_item(s, line):
    bullet = BULLET.fullmatch(line)
    if bullet:
        return len(bullet[1]), None, bullet[2].strip()
    number = NUMBER.fullmatch(line)
    if number == None:
        return None
    if s["par"] and not s["quote"] and number[2] != "1":
        return None
    return len(number[1]), number[2], number[3].strip()


def add_line(s, line):
    item = find_item(s, line)
    heading = HEADING.fullmatch(line)
    if line.strip() == "":
        add_blank(s)
    elif item is not None:
        add_item(s, *item)
    elif s["lists"] and not s["gap"] and line.startswith("  "):
        s["item"].append(line.strip())
    elif heading:
        add_heading(s, len(heading[1]), heading[2].strip())
    elif is_rule(line):
        close_all(s)
        s["out"].append("<hr>")
    elif line.startswith(">"):
        add_quoted(s, line)
    else:
        add_text(s, line)


def add_blank(s):
    if len(s["lists"]) > 0:
        s["gap"] = True
    else:
        close_all(s)


def add_heading(s, level, title):
    close_all(s)
    name = make_id(title, s["used"])
    s["out"].append(f'<h{level} id="{name}">{inline(title)}</h{level}>')


def add_quoted(s, line):
    if s["quote"] == False:
        close_all(s)
        s["out"].append("<blockquote>")
        s["quote"] = True
    content = line[1:]
    if content.startswith(" "):
        content = content[1:]
    if content.strip() == "":
        close_par(s)
    else:
        s["par"].append(content)


def add_text(s, line):
    if s["lists"] or s["quote"]:
        close_all(s)
    s["par"].append(line)


def add_item(s, indent, number, content):
    close_quote(s)
    s["gap"] = False
    kind = "ul" if number is None else "ol"
    depth = min(indent // 2, len(s["lists"]))
    close_lists(s, depth + 1)
    close_item(s)
    if len(s["lists"]) > depth:
        s["out"].append("</li>")
        if s["lists"][-1] != kind:
            s["out"].append("</" + s["lists"].pop() + ">")
    if len(s["lists"]) == depth:
        open_list(s, kind, number)
    begin_item(s, kind, content)


def open_list(s, kind, number):
    s["lists"].append(kind)
    if number is not None and int(number) != 1:
        s["out"].append(f'<ol start="{int(number)}">')
    else:
        s["out"].append(f"<{kind}>")


def begin_item(s, kind, content):
    css = None
    if kind == "ul" and content.startswith("[ ] "):
        css = "todo"
    elif kind == "ul" and content.startswith(("[x] ", "[X] ")):
        css = "done"
    if css == None:
        s["out"].append("<li>")
        s["item"] = [content]
    else:
        s["out"].append(f'<li class="{css}">')
        s["item"] = [content[4:]]


def inline(text):
    out = ""
    i = 0
    while i < len(text):
        html, i = next_piece(text, i)
        out += html
    return out


def next_piece(text, i):
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
    if found == None:
        return escape(c), i + 1
    else:
        return found


def read_escape(text, i):
    following = text[i + 1 : i + 2]
    if following != "" and following in "\\`*[]<>#-":
        return escape(following), i + 2
    else:
        return None


def read_code(text, i):
    end = text.find("`", i + 1)
    if end > i + 1:
        return "<code>%s</code>" % escape(text[i + 1 : end]), end + 1
    else:
        return None


def read_strong(text, i):
    end = text.find("**", i + 2)
    if end > i + 2:
        return "<strong>%s</strong>" % inline(text[i + 2 : end]), end + 2
    else:
        return "**", i + 2


def read_em(text, i):
    end = text.find("*", i + 1)
    if end > i + 1 and text[i + 1] != " ":
        return "<em>%s</em>" % inline(text[i + 1 : end]), end + 1
    else:
        return None


def read_link(text, i):
    middle = text.find("](", i + 1)
    end = text.find(")", middle)
    if middle <= i + 1 or end < 0:
        return None
    label = inline(text[i + 1 : middle])
    url = text[middle + 2 : end].strip()
    if url.lower().startswith(("javascript:", "data:")):
        return label, end + 1
    else:
        return f'<a href="{escape(url)}">{label}</a>', end + 1
