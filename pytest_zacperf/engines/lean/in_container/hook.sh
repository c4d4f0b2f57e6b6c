# Sourced by the bash that starts LEAN, for BASH_ENV names it: the start script's `exec dotnet ...`
# becomes a child whose CPU time and memory the kernel counts.
unset BASH_ENV
exec() { builtin exec python /perf/rusage.py "$@"; }
