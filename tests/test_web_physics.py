"""The physics page: what is typed, what it means, who may see it, and what is shown of a simulation."""

from __future__ import annotations

import pytest
from web_people import House, house

pytestmark = pytest.mark.django_db


@pytest.fixture
def north() -> House:
    """A clinic."""
    return house("North")


def test_page(north: House) -> None:
    """x."""
    c = north.client("clinician")
    for q in ("", "?device=UltraPulse+DeepFX&energy_mJ=15", "?device=UltraPulse+DeepFX&energy_mJ=150", "?device=UltraPulse+DeepFX&changes=energy_mJ&b_energy_mJ=99&site=cheek&age=500"):
        a = c.get("/physics/" + q)
        assert a.status_code == 200
        print(a.content.decode()[-9000:])
    for u in ("told", "panel", "second", "layers"):
        a = c.get(f"/physics/{u}/?device=UltraPulse+DeepFX&energy_mJ=150&changes=device&b_device=IPL+515")
        assert a.status_code == 200
        print(u, a.content.decode(), a["HX-Replace-Url"])
