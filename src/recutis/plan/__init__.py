"""The plan: search, objectives, explanation, and the document they end in."""

from recutis.plan.document import Plan

__all__ = ["Plan"]
