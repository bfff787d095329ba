"""Exposure files that make no sense are refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from recutis.errors import InputError
from recutis.simulation import read_exposure

LAYERS = [
    {"name": "epidermis", "thickness_um": 80, "water_fraction": 0.6, "melanin_fraction": 0.03},
    {"name": "papillary_dermis", "thickness_um": "150 µm", "water_fraction": 0.65, "blood_fraction": 0.02},
]


def written(tmp_path: Path, **skin: object) -> Path:
    """An exposure file with this skin."""
    path = tmp_path / "exposure.yaml"
    path.write_text(yaml.safe_dump({"skin": skin, "device": "UltraPulse DeepFX"}))
    return path


def test_explicit_layers_are_taken(tmp_path: Path) -> None:
    """Thickness may carry its unit."""
    skin = read_exposure(written(tmp_path, layers=LAYERS)).skin.skin()

    assert [layer.thickness_um for layer in skin.layers] == [80, 150]


@pytest.mark.parametrize(
    ("skin", "text"),
    [
        ({"age": True}, "must be a number, not yes or no"),
        ({"age": 0}, "skin.age"),
        ({"site": "elbow"}, "there is no site 'elbow'"),
        ({"phototype": "VII"}, "there is no phototype 'VII'"),
        ({"layers": LAYERS[::-1]}, "layers must stand from top to bottom"),
        ({"layers": [LAYERS[0], dict(LAYERS[0])]}, "layers must stand from top to bottom, each once"),
        ({"layers": [LAYERS[1]]}, "need at least a layer named epidermis"),
        ({"layers": [{**LAYERS[0], "thickness_um": 1e-5}]}, "thickness_um"),
        ({"layers": [{**LAYERS[0], "thickness_um": "80 mJ"}]}, "quantity in µm"),
        ({"layers": [{**LAYERS[0], "melanin_fraction": 0.4, "blood_fraction": 0.4}]}, "leave less than 30%"),
        ({"layers": [{**LAYERS[0], "water_fraction": 1.4}]}, "water_fraction"),
        ({"colour": "red"}, "skin.colour"),
    ],
)
def test_a_skin_that_cannot_be_is_refused(tmp_path: Path, skin: dict[str, object], text: str) -> None:
    """The sentence names the place."""
    with pytest.raises(InputError, match=r"exposure\.yaml") as stopped:
        read_exposure(written(tmp_path, **skin))

    assert text in str(stopped.value)
    assert "\n" not in str(stopped.value)
