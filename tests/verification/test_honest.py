"""An honest evaluation holds."""

from pathlib import Path

from honest import words

from dv_agent.eval.verification.verify import verify


def test_an_honest_evaluation_holds_and_is_left_as_it_is(honest: Path) -> None:
    before = {file: file.read_bytes() for file in honest.rglob("*") if file.is_file()}
    done = verify(honest)
    assert words(done) == ""
    assert (done.trials, done.open, set(done.verdicts.values())) == (10, 0, {"verified"})
    assert before == {file: file.read_bytes() for file in honest.rglob("*") if file.is_file()}
