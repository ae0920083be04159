"""Where arms differ: task types against arms, and every single task with its spread."""

from __future__ import annotations

from collections.abc import Mapping

from assay.analysis.base import HeatCell, TaskRow
from assay.report.arms import WORDS
from assay.report.charts import Square, heat_chart
from assay.report.document import Block, Cell, Column, Figure, Prose, Section, Table
from assay.report.material import Material
from assay.report.numbers import amount, bare, count, plural
from assay.report.points import Dot, strip_chart

NO_SPREAD = "one run has no standard deviation"


def types_section(made: Material) -> Section:
    """Heatmap of the measure that leads, then tables for the others."""
    cells = made.analysis.heatmap
    if not cells:
        return Section("types", "Task types", (Prose("No task types to show.", tone="missing"),))
    others = [measure for measure in dict.fromkeys(cell.measure for cell in cells) if measure != made.measure]
    blocks: list[Block] = [_types_figure(made, made.measure)] if any(c.measure == made.measure for c in cells) else []
    blocks.extend(_types_table(made, measure) for measure in others)
    return Section("types", "Task types", tuple(blocks))


def _grid(made: Material, measure: str) -> tuple[list[str], list[str], dict[tuple[str, str], HeatCell]]:
    """Arms in order, types as declared, and the cells by (type, arm)."""
    cells = {(cell.row, cell.column): cell for cell in made.analysis.heatmap if cell.measure == measure}
    present = dict.fromkeys(row for row, _ in cells)
    declared = dict.fromkeys(task.type for task in made.lock.tasks if task.type in present)
    columns = {column for _, column in cells}
    arms = [arm.id for arm in made.analysis.arms if arm.id in columns]
    return [*arms, *sorted(columns.difference(arms))], [*declared, *sorted(set(present) - set(declared))], cells


def _types_figure(made: Material, measure: str) -> Figure:
    arms, types, cells = _grid(made, measure)
    full = 1.0 if measure == "solved" else 100.0
    squares = {
        (row, column): _square(cells.get((kind, arm)), measure, full)
        for row, arm in enumerate(arms)
        for column, kind in enumerate(types)
    }
    names = [made.name(arm) for arm in arms]
    said = "; ".join(
        f"{made.name(arm)}: " + ", ".join(f"{kind} {squares[row, column].text}" for column, kind in enumerate(types))
        for row, arm in enumerate(arms)
    )
    word = WORDS.get(measure, measure)
    return Figure(
        name="types",
        title=f"{word} by task type",
        caption=(
            "Mean over the tasks of a type; how many is in the table. The shade follows the number. These cells are "
            "small samples and carry no interval: read them as a place to look, not as a finding."
        ),
        alt=f"Heatmap of arms against task types. {said}.",
        wide=heat_chart(names, types, squares, made.canvas(wide=True)),
        narrow=heat_chart(names, types, squares, made.canvas(wide=False)),
        table=_types_table(made, measure),
    )


def _square(cell: HeatCell | None, measure: str, full: float) -> Square:
    if cell is None or cell.mean is None:
        return Square(None, "no value")
    return Square(cell.mean / full, amount(measure, cell.mean))


def _types_table(made: Material, measure: str) -> Table:
    arms, types, cells = _grid(made, measure)
    columns = (Column("Task type", numeric=False), *(Column(made.name(arm)) for arm in arms))
    rows = tuple((Cell(kind, tone="name"), *(_heat(cells.get((kind, arm)), measure) for arm in arms)) for kind in types)
    word = WORDS.get(measure, measure)
    return Table(
        f"types-{measure}", f"{word} by task type", columns, rows, note="Mean over tasks; n under each.", folded=True
    )


def _heat(cell: HeatCell | None, measure: str) -> Cell:
    if cell is None:
        return Cell("no value", title="not in the plan", tone="missing")
    n = f"{plural(cell.n_tasks, 'task')}, {plural(cell.n_trials, 'trial')}"
    if cell.mean is None:
        return Cell("no value", cell.reason or n, tone="missing")
    return Cell(amount(measure, cell.mean), n)


def tasks_section(made: Material) -> Section:
    """One dot for each task, and the mean, spread and extremes of every cell."""
    rows = made.analysis.tasks
    if not rows:
        return Section("tasks", "Tasks", (Prose("No task has a value.", tone="missing"),))
    measures = list(dict.fromkeys(row.measure for row in rows))
    lead = made.measure if made.measure in measures else measures[0]
    blocks: list[Block] = [_strip(made, lead)]
    blocks.extend(_tasks_table(made, measure) for measure in measures if measure != lead)
    return Section("tasks", "Tasks", tuple(blocks))


def _cells(made: Material, measure: str) -> tuple[list[TaskRow], dict[tuple[str, str], TaskRow]]:
    """One row for each task (in order of type, then as declared), and all rows by (task, arm)."""
    rows = [row for row in made.analysis.tasks if row.measure == measure]
    first = list({row.task: row for row in rows}.values())
    kinds = {kind: position for position, kind in enumerate(dict.fromkeys(row.type for row in first))}
    first.sort(key=lambda row: kinds[row.type])
    return first, {(row.task, row.arm): row for row in rows}


def _strip(made: Material, measure: str) -> Figure:
    tasks, cells = _cells(made, measure)
    arms = made.analysis.arms
    full = 1.0 if measure == "solved" else 100.0
    dots: dict[tuple[int, int], Dot] = {}
    for row, arm in enumerate(arms):
        for column, task in enumerate(tasks):
            cell = cells.get((task.task, arm.id))
            if cell is not None:
                dots[row, column] = Dot(task.task, task.type, None if cell.mean is None else cell.mean / full)
    names = [made.name(arm.id) for arm in arms]
    places = [(task.task, task.type) for task in tasks]
    known = sum(dot.fill is not None for dot in dots.values())
    return Figure(
        name="tasks",
        title="Every task",
        caption=(
            f"One ring for each of {plural(len(tasks), 'task')}, in the order of the table, under its type. "
            f"The filled part is what the arm reached ({WORDS.get(measure, measure).lower()}, mean of its trials): "
            "empty is none, full is all. A cross has no value."
        ),
        alt=f"Strip of {len(tasks)} tasks for {len(arms)} arms; {known} of {len(tasks) * len(arms)} have a value. "
        + " ".join(f"{name}: {_reached(dots, row)}." for row, name in enumerate(names)),
        wide=strip_chart(names, places, dots, made.canvas(wide=True)),
        narrow=strip_chart(names, places, dots, made.canvas(wide=False)),
        table=_tasks_table(made, measure),
    )


def _reached(dots: Mapping[tuple[int, int], Dot], row: int) -> str:
    fills = [dot.fill for (arm, _), dot in dots.items() if arm == row and dot.fill is not None]
    full, none = sum(fill >= 1 for fill in fills), sum(fill <= 0 for fill in fills)
    return f"full on {full}, none on {none}, between on {len(fills) - full - none}"


def _tasks_table(made: Material, measure: str) -> Table:
    tasks, cells = _cells(made, measure)
    arms = made.analysis.arms
    columns = (
        Column("Task", numeric=False),
        *(Column(made.name(arm.id)) for arm in arms),
    )
    rows = tuple(
        (
            Cell(task.task, f"{task.type}, {task.difficulty}", tone="name"),
            *(_task(cells.get((task.task, arm.id)), measure) for arm in arms),
        )
        for task in tasks
    )
    word = WORDS.get(measure, measure)
    return Table(
        f"tasks-{measure}",
        f"{word} by task",
        columns,
        rows,
        note="Mean of an arm's trials; under it their standard deviation (n \N{MINUS SIGN} 1) and number. "
        "One trial has no standard deviation (\N{EN DASH}).",
        folded=True,
    )


def _task(row: TaskRow | None, measure: str) -> Cell:
    if row is None:
        return Cell("no value", title="not in the plan", tone="missing")
    if row.mean is None:
        return Cell("no value", f"{count(row.unknown)} missing" if row.unknown else "nothing settled", tone="missing")
    spread = bare(measure, row.sd)
    lost = f", {count(row.unknown)} missing" if row.unknown else ""
    title = f"least {amount(measure, row.least)}, most {amount(measure, row.most)}"
    if row.sd is None:
        title = NO_SPREAD
    return Cell(amount(measure, row.mean), f"sd {spread}, n {count(row.n)}{lost}", title=title)
