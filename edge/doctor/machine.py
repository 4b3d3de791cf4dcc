"""The board itself: what it is, its memory, its heat and its power."""

from edgeproof.edge.board import Board
from edgeproof.edge.doctor.finding import Finding

_NOT_TOLD = "this machine does not tell"
# a process that classifies with MobileNetV2 224 takes 60 to 75 MB
_LOW_MEMORY_BYTES = 100_000_000
# a Raspberry Pi slows down from 80 °C on
_WARM_C = 75.0
_HOT_C = 80.0


def machine_findings(board: Board) -> list[Finding]:
    """One finding for each group of facts."""
    return [
        _board(board),
        _system(board),
        _processor(board),
        _memory(board),
        _temperature(board),
        _power(board),
    ]


def _board(board: Board) -> Finding:
    named = [name for name in (board.model, board.processor) if name]
    return Finding("board", "ok", ", ".join(named) or _NOT_TOLD)


def _system(board: Board) -> Finding:
    mixed = f", a {board.bits}-bit system" if board.is_32_bit_on_64_bit_kernel else ""
    kernel = f"Linux {board.kernel} {board.machine}{mixed}"
    return Finding("system", "ok", ", ".join(filter(None, (board.system, kernel))))


def _processor(board: Board) -> Finding:
    says = f"{board.cores} core{'s' * (board.cores > 1)}"
    if board.cpu_quota is not None:
        says += f", of which {board.cpu_quota:g} may be kept busy"
    if board.frequency_mhz is not None and board.max_frequency_mhz is not None:
        says += f", {board.frequency_mhz:,.0f} of {board.max_frequency_mhz:,.0f} MHz"
    if board.governor is not None:
        says += f", governor {board.governor}"
    return Finding("cores", "ok", says)


def _memory(board: Board) -> Finding:
    if board.memory_bytes is None or board.memory_available_bytes is None:
        return Finding("memory", "ok", _NOT_TOLD)
    total = board.memory_bytes
    available = min(total, board.memory_available_bytes)
    says = f"{available / 1e6:,.0f} MB of {total / 1e6:,.0f} MB can be had"
    if available < _LOW_MEMORY_BYTES:
        return Finding("memory", "warning", says, "end other programs, or add swap")
    return Finding("memory", "ok", says)


def _temperature(board: Board) -> Finding:
    if board.temperature_c is None:
        return Finding("temperature", "ok", _NOT_TOLD)
    says = f"{board.temperature_c:.0f} °C"
    if board.temperature_c < _WARM_C:
        return Finding("temperature", "ok", says)
    slow = "it is slowed down" if board.temperature_c >= _HOT_C else "it is slowed down from 80 °C"
    return Finding("temperature", "warning", f"{says}: {slow}", "give it a heat sink or a fan")


def _power(board: Board) -> Finding:
    if board.throttling is None:
        return Finding("power", "ok", _NOT_TOLD)
    now, before = board.throttling.now, board.throttling.since_boot
    if not now and not before:
        return Finding("power", "ok", "no under-voltage or throttling since the board started")
    said = [f"now: {', '.join(now)}"] if now else []
    said += [f"since the board started: {', '.join(before)}"] if before else []
    if "under-voltage" in now + before:
        do = "use the power supply made for this board, and a short cable"
    else:
        do = "give it a heat sink or a fan"
    return Finding("power", "warning", "; ".join(said), do)
