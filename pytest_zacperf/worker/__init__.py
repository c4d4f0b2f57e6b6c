"""The process of one run; ``python -m pytest_zacperf.worker REQUEST`` starts it.

Imports no pytest, so that it is ready in a fraction of a second.
"""

EXIT_FAILED = 1
EXIT_BAD_INPUT = 64  # EX_USAGE of sysexits.h; 2 is what argparse exits with
EXIT_NOT_WRITTEN = 74  # EX_IOERR of sysexits.h
EXIT_NOT_KEPT = 78  # EX_CONFIG of sysexits.h: the engine cannot keep what a queue asks for
