"""The commands that score: evaluations, boards, tracks, mutants."""
