"""The picture in the README: pages of the demo report side by side. `python scripts/report_picture.py demo-out/report.pdf`.

Needs pdftoppm (poppler-utils).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "report.png"
DPI, GAP, PAPER = 62, 14, (226, 231, 233)


def pages(report: Path, words: tuple[str, ...]) -> list[Image.Image]:
    """The first page that holds each of these words, as pictures."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", str(DPI), "-png", str(report), f"{folder}/page"], check=True)
        drawn = sorted(Path(folder).glob("page*.png"))
        for word in words:
            for number, path in enumerate(drawn, start=1):
                text = subprocess.run(
                    ["pdftotext", "-f", str(number), "-l", str(number), str(report), "-"],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
                if word in text:
                    found.append(Image.open(path).convert("RGB").copy())
                    break
    return found


def main(report: Path) -> None:
    """Lay the pages side by side and write the picture."""
    shown = pages(report, ("DEVICE AND START SETTING", "drawn to scale", "What will be done?", "Day by day"))
    width = sum(page.width for page in shown) + GAP * (len(shown) + 1)
    picture = Image.new("RGB", (width, shown[0].height + 2 * GAP), PAPER)
    left = GAP
    for page in shown:
        picture.paste(page, (left, GAP))
        left += page.width + GAP
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(128).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
