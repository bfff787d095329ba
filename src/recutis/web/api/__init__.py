"""The JSON interface: the same records as the pages, for programs, with the same roles."""

from recutis.web.api.door import api

__all__ = ["api"]
