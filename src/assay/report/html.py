"""The report as one page that opens anywhere: no script, no request, no font and no style from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup

from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report.compose import compose
from assay.report.document import Document, Spec
from assay.report.drawing import inline

TEMPLATES = ("report.html.j2", "blocks.html.j2")


def render_html(analysis: Analysis, lock: Lock, facts: Facts) -> str:
    """Return the page. Equal evidence gives equal bytes; the only date is the run's own."""
    return render_document(compose(analysis, lock, facts))


def render_document(document: Document) -> str:
    """Return any document as a page."""
    environment, style = _environment()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template(TEMPLATES[0])
    sheet = Markup(style)  # noqa: S704  # our own file, which holds no text of others
    return page.render(document=document, style=sheet, policy=policy(digest), sections=document.sections)


def policy(style_digest: str) -> str:
    """Return the content policy: nothing but this page's own style sheet and inline pictures."""
    return f"default-src 'none'; style-src 'sha256-{style_digest}'; img-src data:; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> tuple[Environment, str]:
    here = files("assay.report")
    sources = {name: (here / "templates" / name).read_text(encoding="utf-8") for name in TEMPLATES}
    style = (here / "style.css").read_text(encoding="utf-8").strip()
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["chart"] = _chart
    environment.filters["kind"] = lambda block: type(block).__name__.lower()
    return environment, style


def _chart(spec: Spec, alt: str, kind: str) -> Markup:
    """Draw a chart into the page. The library escapes text; the alternative text is escaped by ``inline``."""
    return Markup(inline(spec, alt, kind))  # noqa: S704  # markup made by our own drawing, every text in it escaped
