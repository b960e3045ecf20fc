"""What is said of a design whose design.yaml cannot be used: everything that is wrong in its folder, at once."""

from __future__ import annotations

from dv_agent.errors import DvAgentError, FilesError, InputFileError, all_faults


def with_faults_beside(error: DvAgentError) -> DvAgentError:
    """Return `error`; if it is about a design.yaml, together with what is wrong in the files beside it."""
    faults = error.faults if isinstance(error, FilesError) else (error,)
    broken = next((one for one in faults if isinstance(one, InputFileError) and one.path.name == "design.yaml"), None)
    if broken is None or not isinstance(error, InputFileError) or not broken.path.is_file():
        return error
    from dv_agent.coverage.goal import faults_beside

    return all_faults(broken.path.parent, (error, *faults_beside(broken.path.parent))) or error
