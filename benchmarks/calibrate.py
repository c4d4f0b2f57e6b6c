"""Print the levels for pytest_zacperf/sampling.py, and how the procedures fare under noise.

Run: ``python benchmarks/calibrate.py [TRIALS]``
"""

from __future__ import annotations

import dataclasses
import math
import sys

from pytest_zacperf import calibration, sampling
from pytest_zacperf.calibration import FAMILIES, SCALES, Family, StoredCase
from pytest_zacperf.sampling import Design, StoredDesign

TRIALS = 100_000
# Tables are made from other random numbers than the levels.
TABLE_SEED = calibration.SEED + 1
LIMIT = 1.10
TRUE_RATIOS = (1.00, 1.05, 1.10, 1.25)
STORED_SIZES_SHOWN = (5, 10, 20)
# Errors of stored looks are so rare that it takes more trials to see them.
STORED_TRIALS = 5
DESIGNS = ("DUET", "ALTERNATE_CPU", "ALTERNATE_WALL", "MEMORY")
STORED_DESIGNS = ("STORED", "STORED_WALL", "STORED_MEMORY")


def main() -> None:
    """Calibrate every default design, print its constants and its tables."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    for name in DESIGNS:
        design: Design = getattr(sampling, name)
        levels = calibration.calibrated_levels(design, design.looks, trials=trials)
        design = dataclasses.replace(design, levels=tuple(map(rounded_down, levels)))
        print(f"{name}: levels={design.levels}")
        print_paired(design, trials)
    for name in STORED_DESIGNS:
        second: StoredDesign = getattr(sampling, name)
        for stored in (second.first_look(), second):
            found = calibration.calibrated_stored_level(stored, trials=STORED_TRIALS * trials)
            level = rounded_down(found)
            print(f"{name}, runs={stored.runs}: level={level}")
            print_stored(dataclasses.replace(stored, level=level), trials)


def rounded_down(level: float) -> float:
    """Return the level with three digits, not above what was found."""
    unit = 10.0 ** (math.floor(math.log10(level)) - 2)
    return float(f"{math.floor(level / unit) * unit:.3g}")


def print_paired(design: Design, trials: int) -> None:
    """Print errors at the limit, and the outcomes for true ratios against the limit 1.10."""
    print(f"  errors are kept to 1 % up to scale {design.highest_scale:g}, looks {design.looks}")
    print("  noise                  at the limit, %        true ratio, limit 1.10:")
    ratios = "".join(f"{ratio:^30.2f}" for ratio in TRUE_RATIOS)
    print(f"  family        scale   false PASS false FAIL{ratios}")
    for family in FAMILIES:
        for scale in SCALES:
            edge = calibration.simulate(design, family, scale=scale, trials=trials, seed=TABLE_SEED)
            cells = "".join(cell(design, family, scale, ratio) for ratio in TRUE_RATIOS)
            beyond = " " if scale <= design.highest_scale else "!"
            print(
                f"  {family:15}{scale:4g}{beyond}  {edge.passed:9.2%} {edge.failed:9.2%}   {cells}"
            )
    print("  cells: PASS / FAIL / INCONCLUSIVE in %, median pairs; ! is beyond the design\n")


def cell(design: Design, family: Family, scale: float, ratio: float) -> str:
    """Return the outcomes for one true ratio."""
    rates = calibration.simulate(
        design,
        family,
        scale=scale,
        seed=TABLE_SEED,
        true_log_ratio=math.log(ratio),
        limit_log_ratio=math.log(LIMIT),
    )
    shares = " /".join(
        f"{100 * share:5.1f}" for share in (rates.passed, rates.failed, rates.inconclusive)
    )
    return f"{shares} {rates.median_pairs:4g}    "


def print_stored(design: StoredDesign, trials: int) -> None:
    """Print the worst error, and how often a look passes against the limit 1.10."""
    worst = calibration.worst_stored_error(design, trials=STORED_TRIALS * trials, seed=TABLE_SEED)
    print(f"  worst error up to scale {design.highest_scale:g}: {worst:.3%}")
    print("  normal noise, PASS / FAIL in % for a true ratio against limit 1.10")
    print("  scale  stored, new " + "".join(f"{ratio:^15.2f}" for ratio in TRUE_RATIOS))
    for scale in SCALES[1:4]:
        for samples in STORED_SIZES_SHOWN:
            case = StoredCase(family="normal", scale=scale, stored=samples, new=design.runs)
            cells = "".join(stored_cell(design, case, ratio) for ratio in TRUE_RATIOS)
            print(f"  {scale:5g}  {samples:6}, {design.runs:3} {cells}")
    print()


def stored_cell(design: StoredDesign, case: StoredCase, ratio: float) -> str:
    """Return how often one true ratio passes and fails."""
    rates = calibration.simulate_stored(
        design,
        case,
        seed=TABLE_SEED,
        true_log_ratio=math.log(ratio),
        limit_log_ratio=math.log(LIMIT),
    )
    return f"{100 * rates.passed:6.1f} /{100 * rates.failed:5.1f}  "


if __name__ == "__main__":
    main()
