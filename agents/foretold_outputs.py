"""Names of the outputs whose value a reference model gives in every cycle, for the prompt."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import End
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.recording.sampled_bits import WORD, Samples
from dv_agent.runners.trace_decoder import decode


def foretold_outputs(folder: DesignFolder) -> tuple[str, ...]:
    """Return the outputs that are compared in every cycle, in the order of the model; () if there is no model.

    A model says them only of a trace: it is shown one cycle in which every pin is low. Of a model that cannot read
    such a trace nothing is told.
    """
    if not folder.has_model:
        return ()
    layout = layout_of(folder.design)
    width = max((first + bits for first, bits in layout.sample.values()), default=0)
    width = max(width, *(place + 1 for place in layout.rises.values()), 1)
    low = Samples(np.zeros((width // WORD + 2, 1), np.uint32), None, width)
    try:
        levels = folder.model.observe(decode(folder.design, layout, low, End.DRAINED)).levels
    except Exception:  # a model is any code, and nothing asks it for a trace that no simulator made
        return ()
    return tuple(str(name) for name in levels if name in layout.sample)
