"""Builds `src/recutis/injury/tables/channels.npz`: ablative microbeams for the planner. Run `python scripts/build_channels.py`.

Every node of the grid of `recutis.injury.channel_table` is one run of the axisymmetric model in usual skin. Finished runs are
kept in `build/channels` under the fingerprint of the model, so that a run that was stopped goes on where it was. Some ten minutes
of one processor; `python scripts/build_channels.py 2` takes at most two.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from pathlib import Path

import numpy as np

from recutis.errors import OutOfRangeError
from recutis.injury import channel
from recutis.injury import channel_table as table
from recutis.injury.outline import Outline

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "src" / "recutis" / "injury" / "tables" / "channels.npz"
KEPT = ROOT / "build" / "channels"


def run_node(job: tuple[str, tuple[int, int, int], Path]) -> tuple[str, tuple[int, int, int]]:
    """Run one node and keep its outline."""
    name, place, kept = job
    if not kept.exists():
        grid = table.GRIDS[name]
        try:
            found: Outline | None = channel.outline(channel.expose(grid.pulse(place), table.usual_slab()))
        except OutOfRangeError:  # deeper than the tissue of the model
            found = None
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(found))
        part.rename(kept)
    return name, place


def main() -> None:
    """Run what is missing, then write the table."""
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else (os.cpu_count() or 1)
    mark = table.fingerprint()
    folder = KEPT / mark
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (name, place, folder / f"{name}_{'_'.join(map(str, place))}.pickle")
        for name, grid in table.GRIDS.items()
        for place in np.ndindex(*grid.shape)
        if grid.wanted(place)
    ]
    jobs.sort(key=lambda job: table.GRIDS[job[0]].pulse(job[1]).energy_mJ)  # the longest last
    with multiprocessing.Pool(processes) as pool:
        for number, (name, place) in enumerate(pool.imap_unordered(run_node, jobs), 1):
            print(f"{number} of {len(jobs)}: {name} {place}", file=sys.stderr, flush=True)
    arrays: dict[str, np.ndarray] = {}
    for name, grid in table.GRIDS.items():
        arrays[name] = np.full((*grid.shape, table.SIZE), np.nan, np.float32)
    for name, place, kept in jobs:
        found = pickle.loads(kept.read_bytes())
        if found is not None:
            arrays[name][place] = table.condensed(found, table.GRIDS[name].pulse(place).energy_mJ)
    TABLE.parent.mkdir(exist_ok=True)
    np.savez_compressed(TABLE, fingerprint=np.array(mark), **arrays)  # type: ignore[arg-type]
    print(f"{TABLE.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
