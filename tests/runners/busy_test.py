"""A test of mxint_gelu that fills the design, stalls its output, and resets it on the way."""

from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design

GELU = find_design("mxint_gelu")
BEAT = {"m": [3, -4], "e": 1}
BUSY = Test(
    tracks={
        "in": ({"block": [BEAT]}, {"idle": 9}, *({"block": [BEAT]},) * 8),
        "out": ({"ready": 12}, {"stall": 20}),
        "reset": ({"at": 60}, {"pulse": 3}),
    }
)
