"""The list of models, answered from what a door declares: no provider is asked, and nothing is spent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from assay.records import Dialect

LONG_AGO = "1970-01-01T00:00:00Z"  # when a model was made is not known here


def list_models(dialect: Dialect, models: Iterable[str]) -> web.Response:
    """Return the ids that an agent may name, in the dialect's own shape."""
    ids = list(models)
    data: dict[str, Any]
    if dialect is Dialect.GEMINI:
        methods = ["generateContent", "countTokens"]
        data = {
            "models": [
                {"name": f"models/{one}", "displayName": one, "supportedGenerationMethods": methods} for one in ids
            ]
        }
    elif dialect is Dialect.MESSAGES:
        listed = [{"type": "model", "id": one, "display_name": one, "created_at": LONG_AGO} for one in ids]
        first, last = (ids[0], ids[-1]) if ids else (None, None)
        data = {"data": listed, "has_more": False, "first_id": first, "last_id": last}
    else:
        shared: dict[str, Any] = {"object": "model", "created": 0, "owned_by": "assay"}
        data = {"object": "list", "data": [{"id": one, **shared} for one in ids]}
    return web.Response(body=json.dumps(data).encode(), content_type="application/json")
