"""The Lab as a provider: simulated models of known truth behind real wire protocols, on loopback."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self

from aiohttp import web

from assay.errors import InputError
from assay.lab import chat, gemini, messages, responses
from assay.lab.answer import Answer, Question, answer_trial, probe_answer
from assay.lab.driven import answer_driven, due_turn
from assay.lab.driving.protocols import protocol
from assay.lab.faults import Fault, drawn, parse_faults
from assay.lab.models import MODELS, LabModel
from assay.lab.sending import Asked, send_stream, send_whole
from assay.lab.wire import Wire
from assay.names import suggestion
from assay.providers import Provider
from assay.records import Dialect
from assay.suites.base import Task

TRIAL_HEADER = "x-assay-trial"
DEMO_TIME_SCALE = 0.01
_WIRES: Mapping[Dialect, Wire] = {
    Dialect.MESSAGES: messages,
    Dialect.CHAT: chat,
    Dialect.RESPONSES: responses,
    Dialect.GEMINI: gemini,
}
_PATHS = {
    Dialect.MESSAGES: ("/messages", "/v1/messages"),
    Dialect.CHAT: ("/chat/completions", "/v1/chat/completions"),
    Dialect.RESPONSES: ("/responses", "/v1/responses"),
    Dialect.GEMINI: (r"/v1beta/models/{model:.+}:{verb:generateContent|streamGenerateContent}",),
}
RETRY_AFTER_S = "1"
_LARGEST_BODY = 64 << 20


class _RefusedError(Exception):
    """A request that gets an error of its dialect's shape."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


# A call that belongs to no trial: it gets a tiny fixed answer.
PROBE = "probe"


class LabServer:
    """Serves the Lab's models in this process. Start with ``start``; ``provider()`` is how a gateway reaches it.

    A request with the header ``x-assay-trial`` (JSON: trial, task, step, fault ...) is answered by choosing among
    the task's solutions; one without gets a tiny fixed answer. Nothing is remembered between requests but which
    trials have met a ``-once`` fault, and how often a request came.
    """

    def __init__(self, tasks: Mapping[str, Task], seed: int, time_scale: float, models: Mapping[str, LabModel]) -> None:
        self._tasks, self._seed, self._time_scale, self._models = tasks, seed, time_scale, models
        self._met: set[str] = set()
        self._given: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    @classmethod
    async def start(
        cls,
        tasks: Mapping[str, Task],
        *,
        seed: int,
        time_scale: float = DEMO_TIME_SCALE,
        models: Mapping[str, LabModel] = MODELS,
    ) -> Self:
        """Listen on a free loopback port. ``tasks`` by id; ``time_scale`` 1 sleeps the models' real time, 0 none."""
        server = cls(tasks, seed, time_scale, models)
        app = web.Application(client_max_size=_LARGEST_BODY)
        for dialect, paths in _PATHS.items():
            for path in paths:
                app.router.add_post(path, server._handler(dialect))
        server._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await server._runner.setup()
        await web.TCPSite(server._runner, "127.0.0.1", 0).start()
        host, port = server._runner.addresses[0][:2]
        server.base_url = f"http://{host}:{port}"
        return server

    async def stop(self) -> None:
        """Close the port and every connection; safe to call twice."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def provider(self, name: str = "lab", ids: Iterable[str] = ()) -> Provider:
        """Return the provider as data, with the models' prices; ``ids`` adds faulty ones such as ``swift!cut``."""
        prices = {key: model.price for own, model in self._models.items() for key in (own, f"lab/{own}")}
        prices |= {model_id: self._models[_bare(model_id)].price for model_id in ids}
        return Provider(
            name=name, base_url=self.base_url, dialects=tuple(_WIRES), kind="lab", auth="none", prices=prices
        )

    def _handler(self, dialect: Dialect) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        wire = _WIRES[dialect]

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                asked = self._understand(wire, await _body(request), request.headers.get(TRIAL_HEADER))
            except _RefusedError as error:
                wait = {"retry-after": RETRY_AFTER_S} if error.status == HTTPStatus.TOO_MANY_REQUESTS else {}
                return web.json_response(wire.error(error.status, str(error)), status=error.status, headers=wait)
            if asked.answer.fault is Fault.HANG:
                await asyncio.Event().wait()  # until the caller goes away, or the Lab stops
            return await (send_stream(request, asked) if asked.question.stream else send_whole(request, asked))

        return handle

    def _understand(self, wire: Wire, body: Mapping[str, Any], header: str | None) -> Asked:
        """Read the request and work out the answer. Raises ``_RefusedError``."""
        try:
            question = wire.question(body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _RefusedError(400, f"the request is not one of this dialect: {error!r}") from error
        name, _, suffix = str(question.model).partition("!")
        model = self._models.get(name.removeprefix("lab/"))
        if model is None:
            raise _RefusedError(404, f"the Lab has no model '{question.model}'. {suggestion(name, self._models)}")
        labels = {"trial": PROBE} if header is None else _labels(header)
        if labels["trial"] == PROBE:
            return Asked(wire, question, probe_answer(model, question), self._time_scale)
        task = self._tasks.get(labels.get("task", ""))
        if task is None:
            raise _RefusedError(400, f"the Lab does not know the task '{labels.get('task')}'")
        fault = self._fault(suffix or labels.get("fault"), labels["trial"])
        answer = self._answer(model, task, question, labels, fault)
        answer = self._numbered(answer)
        return Asked(wire, question, answer, float(labels.get("time_scale") or self._time_scale))

    def _numbered(self, answer: Answer) -> Answer:
        """Give the answer to a request that comes again an id of its own, as a provider would."""
        self._given[answer.id] += 1
        again = self._given[answer.id]
        return answer if again == 1 else replace(answer, id=f"{answer.id}-{again}")

    def _answer(
        self, model: LabModel, task: Task, question: Question, labels: Mapping[str, str], fault: Fault | None
    ) -> Answer:
        """Answer as a plain model, or turn by turn when a known agent offers its tools."""
        driver = protocol(labels.get("agent"))
        try:
            due = due_turn(question, labels) if driver is not None and question.tools else None
            if due is not None and due[0].fault:
                fault = self._fault(due[0].fault, labels["trial"], f"{labels.get('step')}/{due[1]}")
            if fault is not None and fault.status is not None:
                raise _RefusedError(fault.status, "simulated, as asked")
            if driver is None:
                return answer_trial(model, task, question, labels, self._seed, fault)
            return answer_driven(model, task, question, labels, self._seed, driver, fault)
        except InputError as error:
            raise _RefusedError(400, str(error)) from error

    def _fault(self, asked: str | None, trial: str, turn: str = "") -> Fault | None:
        try:
            chance = drawn(parse_faults(asked), self._seed, trial)
        except InputError as error:
            raise _RefusedError(400, str(error)) from error
        met = f"{trial}/{turn}"
        if chance is None or (chance.once and met in self._met):
            return None
        if chance.once:
            self._met.add(met)
        return chance.fault


async def _body(request: web.Request) -> Mapping[str, Any]:
    """Return the request's body, with what its path says besides. Raises ``_RefusedError``."""
    try:
        body = {**json.loads(await request.read())}
    except (ValueError, TypeError) as error:
        raise _RefusedError(400, f"the request is not one of this dialect: {error!r}") from error
    said = request.match_info
    return body | {"model": said["model"], "stream": said["verb"].startswith("stream")} if "model" in said else body


def _bare(model_id: str) -> str:
    return model_id.partition("!")[0].removeprefix("lab/")


def _labels(header: str) -> Mapping[str, str]:
    try:
        labels = json.loads(header)
        if not isinstance(labels, dict) or not labels.get("trial"):
            raise _RefusedError(400, f"{TRIAL_HEADER} names no trial")
        int(labels.get("step") or 0)
        float(labels.get("time_scale") or 0)
    except (ValueError, TypeError) as error:
        raise _RefusedError(400, f"{TRIAL_HEADER} is not readable: {error}") from error
    return labels
