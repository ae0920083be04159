"""Notes in a small markup language, shown as HTML."""


def render(text):
    """Return the HTML of a note."""
    out = []
    used = []
    par = []
    quote = False
    lists = []
    item = None
    gap = False
    code = None
    lang = ""
    for line in text.replace("\r\n", "\n").split("\n") + [None]:
        if code is not None:
            if line is None or line.rstrip() == "```":
                if lang != "":
                    lang = lang.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
                    out.append('<pre><code class="language-' + lang + '">' + "\n".join(code) + "</code></pre>")
                else:
                    out.append("<pre><code>" + "\n".join(code) + "</code></pre>")
                code = None
            else:
                line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
                code.append(line)
            continue
        blank = line is not None and line.strip() == ""
        kind = None
        indent = 0
        if line is not None and not blank:
            rest = line.lstrip(" ")
            indent = len(line) - len(rest)
            if rest[:2] == "- " and rest[2:].strip() != "":
                kind = "ul"
                content = rest[2:].strip()
            else:
                n = 0
                while n < len(rest) and rest[n] in "0123456789":
                    n += 1
                if n > 0 and n < 10 and rest[n : n + 2] == ". " and rest[n + 2 :].strip() != "":
                    if par == [] or quote or rest[:n] == "1":
                        kind = "ol"
                        start = int(rest[:n])
                        content = rest[n + 2 :].strip()
        level = 0
        if line is not None and line[:1] == "#":
            if line[:2] == "# " and line[2:].strip() != "":
                level = 1
            elif line[:3] == "## " and line[3:].strip() != "":
                level = 2
            elif line[:4] == "### " and line[4:].strip() != "":
                level = 3
        fence = line is not None and line[:3] == "```" and not "`" in line[3:]
        rule = line is not None and len(line.strip()) >= 3 and line.strip().strip("-") == "" and indent == 0
        quoted = line is not None and line[:1] == ">"
        if item is not None and not blank and not gap and kind is None and indent >= 2:
            if not fence and not quoted and level == 0:
                item.append(line.strip())
                continue
        if blank and len(lists) > 0:
            gap = True
            continue
        # close what ends here
        if len(par) > 0 and (line is None or blank or level > 0 or fence or rule or kind is not None or quoted != quote):
            t = ""
            for i in range(len(par)):
                t += par[i].strip()
                if i < len(par) - 1:
                    if par[i][-2:] == "  ":
                        t += "\n"
                    else:
                        t += " "
            out.append("<p>" + inline(t) + "</p>")
            par = []
        if quote and not quoted:
            out.append("</blockquote>")
            quote = False
        if len(lists) > 0 and kind is None:
            if item is not None:
                out.append(inline(" ".join(item)))
                item = None
            while len(lists) > 0:
                out.append("</li>")
                out.append("</" + lists.pop() + ">")
        gap = False
        if line is None or blank:
            continue
        # open what begins here
        if level > 0:
            title = line[level + 1 :].strip()
            name = ""
            for c in title.lower():
                if c.isalnum():
                    name += c
                elif name != "" and name[-1] != "-":
                    name += "-"
            if name != "" and name[-1] == "-":
                name = name[:-1]
            if name == "":
                name = "section"
            unique = name
            n = 1
            while unique in used:
                n += 1
                unique = name + "-" + str(n)
            used.append(unique)
            out.append("<h%d id=\"%s\">%s</h%d>" % (level, unique, inline(title), level))
        elif fence:
            code = []
            lang = line[3:].strip()
        elif rule:
            out.append("<hr>")
        elif quoted:
            if not quote:
                out.append("<blockquote>")
                quote = True
            q = line[1:]
            if q[:1] == " ":
                q = q[1:]
            if q.strip() == "":
                if len(par) > 0:
                    t = ""
                    for i in range(len(par)):
                        t += par[i].strip()
                        if i < len(par) - 1:
                            if par[i][-2:] == "  ":
                                t += "\n"
                            else:
                                t += " "
                    out.append("<p>" + inline(t) + "</p>")
                    par = []
            else:
                par.append(q)
        elif kind is not None:
            depth = min(indent // 2, len(lists))
            if item is not None:
                out.append(inline(" ".join(item)))
            while len(lists) > depth + 1:
                out.append("</li>")
                out.append("</" + lists.pop() + ">")
            if len(lists) == depth + 1:
                out.append("</li>")
                if lists[-1] != kind:
                    out.append("</" + lists.pop() + ">")
            if len(lists) == depth:
                lists.append(kind)
                if kind == "ol" and start != 1:
                    out.append("<ol start=\"%d\">" % start)
                else:
                    out.append("<" + kind + ">")
            if kind == "ul" and content[:4] == "[ ] ":
                out.append('<li class="todo">')
                content = content[4:]
            elif kind == "ul" and content[:4] in ("[x] ", "[X] "):
                out.append('<li class="done">')
                content = content[4:]
            else:
                out.append("<li>")
            item = [content]
        else:
            par.append(line)
    return "\n".join(out)


def inline(text):
    out = ""
    i = 0
    while i < len(text):
        c = text[i]
        if c == "\\" and i + 1 < len(text) and text[i + 1] in "\\`*[]<>#-":
            e = text[i + 1].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
            out += e
            i += 2
        elif c == "`" and text.find("`", i + 1) > i + 1:
            j = text.find("`", i + 1)
            e = text[i + 1 : j].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
            out += "<code>" + e + "</code>"
            i = j + 1
        elif text[i : i + 2] == "**":
            j = text.find("**", i + 2)
            if j > i + 2:
                out += "<strong>" + inline(text[i + 2 : j]) + "</strong>"
                i = j + 2
            else:
                out += "**"
                i += 2
        elif c == "*" and text.find("*", i + 1) > i + 1 and text[i + 1] != " ":
            j = text.find("*", i + 1)
            out += "<em>" + inline(text[i + 1 : j]) + "</em>"
            i = j + 1
        elif c == "[" and text.find("](", i + 1) > i + 1 and text.find(")", text.find("](", i + 1)) > 0:
            j = text.find("](", i + 1)
            k = text.find(")", j)
            url = text[j + 2 : k].strip()
            if url.lower().startswith("javascript:") or url.lower().startswith("data:"):
                out += inline(text[i + 1 : j])
            else:
                e = url.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
                out += '<a href="' + e + '">' + inline(text[i + 1 : j]) + "</a>"
            i = k + 1
        elif c == "\n":
            out += "<br>"
            i += 1
        else:
            out += c.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
            i += 1
    return out


def outline(text):
    """Return (level, id, title) of each heading of a note; titles as they are written."""
    result = []
    used = []
    code = False
    for line in text.replace("\r\n", "\n").split("\n"):
        if code == True:
            if line.rstrip() == "```":
                code = False
        elif line[:3] == "```" and not "`" in line[3:]:
            code = True
        else:
            level = 0
            if line[:2] == "# " and line[2:].strip() != "":
                level = 1
            elif line[:3] == "## " and line[3:].strip() != "":
                level = 2
            elif line[:4] == "### " and line[4:].strip() != "":
                level = 3
            if level > 0:
                title = line[level + 1 :].strip()
                name = ""
                for c in title.lower():
                    if c.isalnum():
                        name += c
                    elif name != "" and name[-1] != "-":
                        name += "-"
                if name != "" and name[-1] == "-":
                    name = name[:-1]
                if name == "":
                    name = "section"
                unique = name
                n = 1
                while unique in used:
                    n += 1
                    unique = name + "-" + str(n)
                used.append(unique)
                result.append((level, unique, title))
    return result
