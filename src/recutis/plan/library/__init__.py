"""The response library: spots precomputed over settings and skins for every device of the catalogue, and what lies between them.

The exact physics takes milliseconds to seconds a spot; the library takes microseconds. Density, passes and site come on top by
the geometry of `recutis.injury.simulate.spread`. `recutis library build` makes it, `recutis library check` says how well it does.
"""

from recutis.plan.library.provider import Library, library

__all__ = ["Library", "library"]
