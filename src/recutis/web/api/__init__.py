"""The JSON interface: the same records as the pages, for programs, with the same roles."""

from recutis.web.api import course, outside, patients, people, plans, stateless
from recutis.web.api.door import api

for _part in (people, patients, plans, course, outside, stateless):
    api.add_router("", _part.router)

__all__ = ["api"]
