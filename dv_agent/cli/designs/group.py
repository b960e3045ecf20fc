"""The commands ``dv-agent designs``: listing, showing, checking and measuring designs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dv_agent.cli.designs.adopt import adopt
from dv_agent.cli.designs.certify import certify
from dv_agent.cli.designs.exchange import from_testplan, from_ucis
from dv_agent.cli.shared_options import MOST_SEED
from dv_agent.cli.terminal import complain, complain_of_choice, say, say_json, warn_of_foreign
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, UsageError

designs_app = typer.Typer(help="List, show, check and measure designs.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of a design, or path of its folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Simulator = Annotated[str, typer.Option(envvar="DV_AGENT_SIMULATOR", help="Which simulator runs the RTL.")]


designs_app.command()(adopt)
designs_app.command()(certify)
designs_app.command()(from_testplan)
designs_app.command()(from_ucis)


@designs_app.command("list")
def list_designs(as_json: Json = False) -> None:
    """List all designs with their size.

    Example:

      dv-agent designs list
    """
    from dv_agent.cli.designs.listing import known_designs, list_lines

    rows = known_designs()
    if as_json:
        say_json(rows)
    else:
        say("\n".join(line for row in rows for line in list_lines(row)))


@designs_app.command()
def show(
    name: Name,
    spec: Annotated[bool, typer.Option("--spec", help="Print the specification.")] = False,
    bins: Annotated[bool, typer.Option("--bins", help="Print every bin with its tier and description.")] = False,
    as_json: Json = False,
) -> None:
    """Show one design: ports, tracks, plan; or its specification, or its bins.

    Examples:

      dv-agent designs show mxint_softmax

      dv-agent designs show mxint_softmax --bins

      dv-agent designs show mxint_softmax --bins --json
    """
    from dv_agent.cli.designs.bin_rows import bin_rows
    from dv_agent.cli.designs.overview import bin_lines, describe, overview
    from dv_agent.designs.loader import find_design

    if spec and bins:
        raise UsageError("--spec and --bins are two texts: give one of them")
    if spec and as_json:
        raise UsageError("--spec prints the specification as it is written: leave --json out")
    folder = find_design(name)
    warn_of_foreign(name)
    if as_json:
        say_json(bin_rows(folder) if bins else overview(folder))
    elif spec:
        say(folder.specification, exact=True)
    else:
        say("\n".join(bin_lines(folder) if bins else describe(folder)))


@designs_app.command()
def plan(
    name: Name,
    write: Annotated[
        bool, typer.Option("--write", help="Write it as plan.yaml into the folder of the design.")
    ] = False,
) -> None:
    """Print the plan that dv-agent makes for a design without plan.yaml; or write it there, to be edited.

    Example:

      dv-agent designs plan my_fifo --write
    """
    from dv_agent.cli.designs.automatic_plan import write_plan
    from dv_agent.coverage.goal import plan_text
    from dv_agent.designs.loader import find_design

    folder = find_design(name)
    if write:
        say("\n".join(write_plan(folder)))
    else:
        say(plan_text(folder), end="", exact=True)


@designs_app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="Name of a design, or path of its folder.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every design.")] = False,
    beats: Annotated[int, typer.Option(min=1, help="Random beats on the clean RTL.")] = 20_000,
    mutants: Annotated[int, typer.Option(min=0, help="Mutants of the reference model to try.")] = 60,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of random beats and mutants.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = 2,
    write_proof: Annotated[
        bool, typer.Option("--write-proof", help="Write proof.json if all holds; means --beats 1000000 unless given.")
    ] = False,
    simulator: Simulator = "icarus",
    as_json: Json = False,
) -> None:
    """Prove a design sound: lint, agreement of model and RTL, witnesses, tiers, seeded bugs, mutants of the model.

    Examples:

      dv-agent designs check mxint_softmax

      dv-agent designs check --all --write-proof
    """
    from dv_agent.cli.designs.checks import check_and_print
    from dv_agent.designs.files.places import design_names
    from dv_agent.eval.soundness.check import Options

    if (name is None) == (not every):
        raise UsageError("name one design, or say --all")
    if write_proof and beats == 20_000:
        beats = 1_000_000
    options = Options(beats=beats, mutants=mutants, seed=seed, jobs=jobs)
    names = design_names() if every else (name or "",)
    held = [check_and_print(one, simulator, options, write_proof=write_proof, as_json=as_json) for one in names]
    if not all(held):
        raise typer.Exit(ExitCode.CHECK_FAILED)


@designs_app.command()
def measure(
    name: Name,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the random beats.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, max=99, help="So many seeds, from it on; most decide on a tier.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = 2,
    simulator: Simulator = "icarus",
) -> None:
    """Measure how often random stimulus hits each bin (10^3, 10^4, 10^5 beats) and write hit_rates.json.

    Examples:

      dv-agent designs measure mxint_softmax

      dv-agent designs measure mxint_softmax --seeds 5 --simulator native
    """
    from dv_agent.coverage.goal import plan_of
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.soundness.hit_rates import measure as run_measurement
    from dv_agent.eval.soundness.hit_rates import save_hit_rates, tier_lines

    folder = find_design(name)
    rates = run_measurement(folder, simulator, seed, jobs, seeds)
    path = save_hit_rates(folder, rates)
    tiers = [rates.tier(one) for one in rates.hits]
    say(" ".join(f"{tier} {tiers.count(tier)}" for tier in ("easy", "medium", "hard")))
    say(f"{counted(len(rates.unhit), 'bin')} not hit by {counted(rates.beats[-1], 'beat')}; written to {path}")
    wrong = list(tier_lines(plan_of(folder), rates))
    if wrong:
        say("tiers in the plan that differ from these rates; the plan should say:")
        say("\n".join(wrong))


@designs_app.command()
def witnesses(
    name: Name,
    add: Annotated[list[Path] | None, typer.Option(help="Files with more tests to choose from.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the search.")] = 0,
    max_cycles: Annotated[
        int, typer.Option(min=0, help="Cycles to search for missing bins; 0: keep to the tests given.")
    ] = 2_000_000,
    simulator: Simulator = "icarus",
) -> None:
    """Find a test for every bin and seeded bug, keep as few as possible, trim them, write witnesses/witnesses.json.

    Example:

      dv-agent designs witnesses mxint_softmax --add my_tests.json
    """
    from dv_agent.cli.designs.checks import make_witnesses

    missing = make_witnesses(name, tuple(add or ()), seed, max_cycles, simulator)
    if missing:
        say(f"{counted(len(missing), 'goal')} (bins or seeded bugs) without a witness:")
        say("\n".join(missing))
        raise typer.Exit(ExitCode.CHECK_FAILED)


@designs_app.command()
def kills(
    name: Name,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the search and random agents.")] = 0,
    max_cycles: Annotated[int, typer.Option(min=1, help="Simulated cycles that each agent gets.")] = 200_000,
    simulator: Simulator = "icarus",
    as_json: Json = False,
) -> None:
    """Show which agent's tests notice which seeded bug, and by which check, at equal cycles.

    Example:

      dv-agent designs kills mxint_softmax
    """
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.soundness.kill_table import kill_table
    from dv_agent.eval.soundness.kills import Kill
    from dv_agent.runners.registry import usable_simulator

    folder = find_design(name)
    chosen = usable_simulator(simulator, folder.design, complain_of_choice)
    for row in kill_table(folder, chosen, max_cycles, seed):
        if as_json:
            say_json(row.model_dump(mode="json"), indent=None, compact=True)
            continue
        found = row.outcome
        words = f"killed by {found.failure.check}, test" if isinstance(found, Kill) else "survives, tests"
        say(f"{row.bug:6} {row.difficulty:7} {row.agent:7} {words} {found.tests}, {counted(found.cycles, 'cycle')}")


@designs_app.command()
def suite(
    name: Annotated[str, typer.Argument(help="Name of a suite, or path of its file.")] = "accelerators",
    update: Annotated[
        bool, typer.Option("--update", help="Enter new designs, and changed ones whose task version rose.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the designs of a suite and whether each is as it was entered; exit code 1 if one is not.

    Examples:

      dv-agent designs suite

      dv-agent designs suite accelerators --update
    """
    from dv_agent.eval.suites.suite import load_suite, suite_errors
    from dv_agent.eval.suites.update import update_suite

    if update:
        (complain if as_json else say)("\n".join(update_suite(name)) or "nothing to enter")
    loaded = load_suite(name)
    if as_json:
        say_json(loaded.model_dump(mode="json"))
    else:
        say(f"{loaded.name}, version {loaded.version}: {loaded.title}")
        for one in loaded.designs:
            say(f"{one.name:18} task version {one.task_version}  {one.checksum[:16]}")
    errors = suite_errors(loaded)
    if errors:
        complain("\n".join(errors))
        raise typer.Exit(ExitCode.CHECK_FAILED)
