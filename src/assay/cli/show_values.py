"""How ``assay show`` writes values: unknown is a word, never 0, and a number has its unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assay.records import Role

UNKNOWN = "unknown"
_A_SECOND = 1000


def whole(number: int | None) -> str:
    """A count."""
    return UNKNOWN if number is None else f"{number:,}"


def dollars(cost: float | None) -> str:
    """US dollars to a hundredth of a cent; a smaller cost is not 0."""
    if cost is None:
        return UNKNOWN
    if cost == 0:
        return "$0"
    return f"${cost:,.4f}" if cost >= 0.0001 else "<$0.0001"  # noqa: PLR2004 - the last digit shown


def at_least(cost: float | None) -> str:
    """US dollars that are a lower bound; of a bound below a hundredth of a cent only that it is one."""
    if cost is None:
        return UNKNOWN
    return f"at least {dollars(cost) if cost >= 0.0001 else '$0'}"  # noqa: PLR2004 - the last digit shown


def milliseconds(value: float | None) -> str:
    """A time, in the unit in which people say it."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value < _A_SECOND else f"{value / _A_SECOND:,.1f} s"


def measured(value: float | None, unit: str) -> str:
    """A measure in its own unit, which is part of the text where it is short."""
    if value is None:
        return UNKNOWN
    return _MEASURED.get(unit, _plain)(value)


def who(agent_name: str | None, role: Role | None) -> str:
    """On whose behalf: the sub-agent's name, else the role."""
    return agent_name or (role.value if role else UNKNOWN)


def shortened(text: str, length: int) -> str:
    """One line of at most ``length`` characters; what is cut ends in dots."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 3]}..."


def _plain(value: float) -> str:
    return f"{value:,.4g}" if value % 1 else f"{value:,.0f}"


_MEASURED: Mapping[str, Callable[[float], str]] = {
    "USD": dollars,
    "ms": milliseconds,
    "s": lambda value: f"{value:,.2f} s",
    "share": lambda value: f"{100 * value:.1f}%",
}
