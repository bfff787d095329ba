"""Score cards: what the models compute beside published statements and measurements."""

from recutis.scorecard.card import score_card
from recutis.scorecard.types import Card

__all__ = ["Card", "score_card"]
