"""Whether the wide rewrites of ``eqsat_pair`` are sound, by Yosys' SAT solver: ``python benchmarks/sound_rewrites.py``.

Both sides of the RTL stand behind one set of free operands, and the solver looks for some that separate them: at 16
bits rule by rule, at 4 bits for the rules with a product of two operands or a reciprocal, too hard for it at 16. The
narrow form of a rule must be separated at 4 bits, or the question would prove nothing. Needs ``yosys``; ten seconds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from dv_agent.designs.loader import find_design

RULES = range(16)
LARGE = frozenset({2, 3, 13})
NEVER_SEPARATED = 15
SECONDS = 300
PAIR = """
module pair #(parameter W = 4, parameter RULE = 0, parameter WIDE = 1) (
    input signed [W-1:0] a, input signed [W-1:0] b, input signed [W-1:0] c, input [3:0] k, output differ
);
    wire [3:0] rule = RULE;
    wire wide = WIDE;
    wire [2*W:0] l, r;
    left_side #(.W(W)) left (.rule(rule), .a(a), .b(b), .c(c), .k(k), .y(l));
    right_side #(.W(W)) right (.rule(rule), .wide(wide), .a(a), .b(b), .c(c), .k(k), .y(r));
    assign differ = (l != r) && (k < W);
endmodule
"""


def separated(width: int, rule: int, wide: int, room: Path) -> bool:
    """Return whether operands exist for which the two sides differ."""
    rtl = find_design("eqsat_pair").design.folder / "rtl"
    pair = room / "pair.v"
    pair.write_text(PAIR, encoding="utf-8")
    script = (
        f"read_verilog {rtl}/saturate.v {rtl}/left_side.v {rtl}/right_side.v; read_verilog -sv {pair}; "
        f"chparam -set W {width} -set RULE {rule} -set WIDE {wide} pair; "
        "hierarchy -top pair; proc; flatten; opt -full; sat -prove differ 0 pair"
    )
    done = subprocess.run(["yosys", "-p", script], capture_output=True, text=True, timeout=SECONDS, check=True)
    if ("SUCCESS!" in done.stdout) == ("FAIL!" in done.stdout):
        raise RuntimeError(done.stdout[-2000:])
    return "FAIL!" in done.stdout


def main() -> int:
    """Print a line a rule; return 1 if one is not as the specification says."""
    wrong = 0
    with tempfile.TemporaryDirectory() as room:
        for rule in RULES:
            width = 4 if rule in LARGE else 16
            sound = not separated(width, rule, 1, Path(room))
            told = separated(4, rule, 0, Path(room)) == (rule != NEVER_SEPARATED)
            wrong += not (sound and told)
            print(
                f"rule {rule:2}: wide, {width:2} bits: {'sound' if sound else 'SEPARATED'}; narrow: {told}", flush=True
            )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
