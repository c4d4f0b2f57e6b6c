"""Performance and parity of trading backtests as tests; importing this loads nothing else."""
