"""Messages for limits of the machine: disk, files, memory, processes."""

from __future__ import annotations

import errno

_HINTS = {
    errno.EMFILE: "allow more open files with `ulimit -n`",
    errno.ENFILE: "the machine has no open files left",
    errno.EFBIG: "allow larger files with `ulimit -f`",
    errno.ENOSPC: "make room on the disk, or choose other folders with --out and TMPDIR",
    errno.EDQUOT: "make room on the disk, or choose other folders with --out and TMPDIR",
    errno.ENOMEM: "allow more memory with `ulimit -v`, or end other programs",
    errno.EAGAIN: "allow more processes with `ulimit -u`, or end other programs",
}


def limit_words(error: Exception) -> str:
    """Return one line with what was refused, where, and what to do; empty if it is not a limit of the machine."""
    if isinstance(error, MemoryError):
        return f"out of memory; {_HINTS[errno.ENOMEM]}"
    if not isinstance(error, OSError) or error.errno not in _HINTS:
        return ""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}; {_HINTS[error.errno]}"
