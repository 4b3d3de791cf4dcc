"""The table on standard output, and how figures are worded everywhere."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgeproof.convert.verify.report import Report, Row

COLUMNS = (
    "variant",
    "runtime",
    "faithful?",
    "worst error",
    "top-1",
    "accuracy",
    "change",
    "size",
    "p50 ms",
)
_RIGHT = {"worst error", "top-1", "accuracy", "change", "size", "p50 ms"}
_STYLES = {"yes": "green", "no": "bold red", "failed": "bold red", "reference": "cyan"}
UNITS = {
    "of the largest reference output": "rel",
    "of the largest pre-softmax value": "rel",
    "output steps": "steps",
    "probability": "abs",
}


def print_table(report: Report, console: Console) -> None:
    """One line for each variant on each runtime."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in COLUMNS:
        right = column in _RIGHT
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for row in report.rows:
        cells = [Text(cell) for cell in row_cells(row)]
        cells[2].stylize(_STYLES[cells[2].plain])
        if not row.passed:
            cells[0].stylize("bold red")
        table.add_row(*cells)
    console.print(table)


def row_cells(row: Row) -> tuple[str, ...]:
    """The words and figures of a row, one for each of `COLUMNS`; a dash where there is none."""
    cost = row.cost
    return (
        row.variant,
        row.runtime,
        verdict(row),
        worst_error(row),
        "-" if cost.agreement is None else f"{cost.agreement:.1%}",
        accuracy(row),
        "-" if cost.accuracy_change_points is None else f"{cost.accuracy_change_points:+.2f}",
        "-" if row.bytes is None else size(row.bytes),
        "-" if row.p50_ms is None else f"{row.p50_ms:.2f}",
    )


def figures(row: Row) -> dict[str, str]:
    """The figures of a row by the name of their column, those that it has."""
    cells = zip(COLUMNS[2:], row_cells(row)[2:], strict=True)
    return {name: cell for name, cell in cells if cell != "-"}


def verdict(row: Row) -> str:
    if row.failure is not None:
        return "failed"
    if row.faithful is None:
        return "reference"
    return "yes" if row.faithful else "no"


def worst_error(row: Row) -> str:
    if row.worst_error is None:
        return "-"
    if row.worst_error.value is None:
        return "none"
    unit = UNITS[row.worst_error.unit]
    return f"{row.worst_error.value:.2g} {unit}"


def accuracy(row: Row) -> str:
    found = row.cost.accuracy
    if found is None:
        return "-"
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}] n={found.n}"


def size(n_bytes: int) -> str:
    for unit, factor in (("MB", 1e6), ("KB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes} B"
