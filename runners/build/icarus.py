"""Compiling a design with Icarus Verilog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError
from dv_agent.runners.build.cache import PROGRAM, WRAPPER, Build, build_in, cached_build
from dv_agent.runners.build.external_tools import printed_version, require, run_command, shorten
from dv_agent.runners.build.lanes import compile_lanes, lanes_text
from dv_agent.runners.build.loose_inputs import floating_inputs, is_fitting_tie, reject_loose_inputs
from dv_agent.runners.build.wrappers.layout import Layout, layout_of
from dv_agent.runners.build.wrappers.wrapper import TOP, wrapper_text

INSTALL_ICARUS = "apt-get install iverilog"
BUILD_SECONDS = 120.0


def icarus_version() -> str:
    """Return the first line of ``iverilog -V``.

    Raises:
        PrerequisiteError: iverilog or vvp is not on the PATH.
    """
    compiler = _tool("iverilog")
    _tool("vvp")
    return printed_version([compiler, "-V"]) or "Icarus Verilog (unknown version)"


def build_icarus(
    design: Design, cache: Path, version: str, wrapper_of: Callable[[Design, Layout], str] = wrapper_text
) -> Build:
    """Compile `design`, or find it in `cache`.

    Args:
        version: see `icarus_version`; part of the key.
        wrapper_of: see `cached_build`.

    Raises:
        PrerequisiteError: iverilog is missing.
        InputFileError: a source file is missing, or nothing drives an input.
        BuildError: iverilog refused the RTL, or took longer than `BUILD_SECONDS`.
        OutputError: the cache cannot be written.
    """

    def build(plain: bool) -> Build:
        language = "-g2005" if plain else "-g2012"
        return cached_build(
            design, cache / "icarus", [version, language], lambda folder: _compile(design, folder, language), wrapper_of
        )

    return build_in(design, build)


def build_icarus_lanes(design: Design, cache: Path, version: str) -> Build:
    """Compile `design` in lanes, see `dv_agent.runners.build.lanes`; raises as `build_icarus`."""

    def build(plain: bool) -> Build:
        language = "-g2005" if plain else "-g2012"

        def compiler(folder: Path) -> None:
            single = wrapper_text(design, layout_of(design))
            compile_lanes(lambda folder: _compile(design, folder, language), single, folder)

        return cached_build(design, cache / "icarus", [version, language, "lanes"], compiler, lanes_text)

    return build_in(design, build)


def _tool(name: str) -> str:
    return require(name, f"{name} (Icarus Verilog)", INSTALL_ICARUS)


def _compile(design: Design, folder: Path, language: str) -> None:
    # Run in the design's folder, so that messages name files relative to it.
    wrapper = folder / WRAPPER
    names = design.compiled_names()
    command = [
        _tool("iverilog"),
        language,
        "-Wportbind",
        "-o",
        str(folder / PROGRAM),
        "-s",
        TOP,
        *design.compile_options(),
    ]
    command += [name if not name.startswith("-") else f"./{name}" for name in names]
    done = run_command([*command, str(wrapper)], design.base, BUILD_SECONDS, writable=(folder,))
    lines = done.output.replace(str(wrapper), wrapper.name).splitlines()
    # iverilog only warns about a port of a different width or a missing parameter, and pads with zeros.
    own = [line for line in lines if line.startswith(f"{wrapper.name}:") and "warning:" in line]
    loose = floating_inputs(own)
    misfits = [line for line in own if not floating_inputs([line]) and not is_fitting_tie(design, line)]
    if done.code or misfits:
        raise BuildError(f"{design.name}: iverilog refused the RTL\n{shorten(misfits or lines)}")
    reject_loose_inputs(design, loose)
