"""Compiled templates of the report, kept beside the builds of the simulators: compiling them takes 0.1 s."""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import CodeType

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from dv_agent.designs.files.documents import replace_text
from dv_agent.errors import OutputError


class CompiledTemplates(BytecodeCache):
    """A folder of compiled templates; one that cannot be read or written costs only time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if it is there."""
        with suppress(OSError, ValueError, EOFError, TypeError):
            # The compiled designs, which are run too, are in the same folder.
            code = marshal.loads(bytes.fromhex(self._file(bucket).read_text(encoding="ascii")))  # noqa: S302
            bucket.code = code if isinstance(code, CodeType) else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template."""
        with suppress(OutputError):
            replace_text(self._file(bucket), marshal.dumps(bucket.code).hex(), make_folder=True)

    def _file(self, bucket: Bucket) -> Path:
        # The checksum is that of the text. Compiled code fits one version of Python and of Jinja.
        parts = (bucket.key, bucket.checksum, jinja2.__version__, sys.implementation.cache_tag)
        return self._folder / sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
