"""Makes the fonts of printed documents, jobs/documents/fonts (needs npm, apt-get, dpkg and fontTools; users never run it).

What is kept, and why, says docs/decisions/documents.md. `pip install fonttools==4.68.0` into an environment of its own.
"""

from __future__ import annotations

import lzma
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "jobs" / "documents" / "fonts"
NOTO_SC = ("@expo-google-fonts/noto-sans-sc", "0.4.3")
NOTO_SERIF = ("@expo-google-fonts/noto-serif-sc", "0.4.3")
NOTO = ("@expo-google-fonts/noto-sans", "0.4.2")
HANAZONO, BABELSTONE = "fonts-hanazono=20170904-2.1", "fonts-babelstone-han=15.0.5-2"
ALPHABETS = ((0x20, 0x24F), (0x250, 0x2FF), (0x370, 0x52F), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x20CF), (0x2C60, 0x2C7F))
"""Latin with all its marks, Greek, Cyrillic: names on passports."""
BABELSTONE_BLOCKS = ((0x2A700, 0x323AF),)  # extensions C to H
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "VORG", "STAT", "MATH", "kern", "DSIG"]
"""Tables that ReportLab does not read; a page is set across, character by character."""
NOTICE = "Glyphs of extensions C to H alone, taken out of BabelStoneHan.ttf by fontTools in 2026; see LICENSE-BabelStoneHan.txt"


def main() -> None:
    """Fetches, takes out what is used, and writes."""
    FONTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _npm(folder, *NOTO_SC)
        regular = folder / "noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf"
        have = _characters(regular)
        _write(regular, have, "NotoSansSC-Regular.ttf")
        _write(folder / "noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf", _everyday(), "NotoSansSC-Bold.ttf")
        _licence(folder / "noto-sans-sc/LICENSE_FONT", "LICENSE-NotoSansSC.txt")
        _npm(folder, *NOTO_SERIF)
        _write(folder / "noto-serif-sc/600SemiBold/NotoSerifSC_600SemiBold.ttf", _usual(), "NotoSerifSC-SemiBold.ttf.xz")
        _licence(folder / "noto-serif-sc/LICENSE_FONT", "LICENSE-NotoSerifSC.txt")
        _npm(folder, *NOTO)
        latin = folder / "noto-sans/400Regular/NotoSans_400Regular.ttf"
        _write(latin, _within(latin, ALPHABETS) - have, "NotoSans-Regular.ttf")
        _licence(folder / "noto-sans/LICENSE_FONT", "LICENSE-NotoSans.txt")
        have |= _within(latin, ALPHABETS)
        hana = _debian(folder, HANAZONO) / "usr/share/fonts/truetype/hanazono/HanaMinB.ttf"
        _write(hana, _characters(hana) - have, "HanaMinB.ttf.xz")
        _licence(folder / "fonts-hanazono/usr/share/doc/fonts-hanazono/copyright", "LICENSE-HanaMinB.txt")
        have |= _characters(hana)
        babel = _debian(folder, BABELSTONE) / "usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf"
        _write(babel, _within(babel, BABELSTONE_BLOCKS) - have, "BabelStoneHan-Rare.ttf.xz", NOTICE)
        _licence(folder / "fonts-babelstone-han/usr/share/doc/fonts-babelstone-han/copyright", "LICENSE-BabelStoneHan.txt")


def _everyday() -> set[int]:
    """The characters of GB 2312, and Latin with its usual marks."""
    rows = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(one) for pair in rows if len(one := pair.decode("gb2312", "ignore")) == 1} | set(range(0x20, 0x17F))


def _usual() -> set[int]:
    """The characters of GBK, which has those of nearly all names, and Latin with its usual marks."""
    pairs = (bytes((row, cell)) for row in range(0x81, 0xFF) for cell in range(0x40, 0xFF))
    return {ord(one) for pair in pairs if len(one := pair.decode("gbk", "ignore")) == 1} | set(range(0x20, 0x17F))


def _characters(path: Path) -> set[int]:
    with TTFont(path, lazy=True) as font:
        return set(font.getBestCmap())


def _within(path: Path, blocks: Iterable[tuple[int, int]]) -> set[int]:
    return {one for one in _characters(path) if any(first <= one <= last for first, last in blocks)}


def _write(source: Path, characters: set[int], target: str, notice: str = "") -> None:
    """The glyphs of these characters as a TrueType font without hints; compressed where the name says so."""
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, glyph_names=False, legacy_cmap=False)
    options.drop_tables += DROPPED
    font = subset.load_font(source, options)
    picker = subset.Subsetter(options)
    picker.populate(unicodes=characters)
    picker.subset(font)
    if notice:
        font["name"].setName(notice, 10, 3, 1, 0x409)  # 10: the description
    made = FONTS / target.removesuffix(".xz")
    font.save(made)
    if target.endswith(".xz"):
        (FONTS / target).write_bytes(lzma.compress(made.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
        made.unlink()


def _npm(folder: Path, name: str, version: str) -> None:
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    (folder / "package").rename(folder / name.split("/")[1])


def _debian(folder: Path, package: str) -> Path:
    """The folder into which the package is unpacked."""
    name = package.split("=")[0]
    subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)  # noqa: S603, S607
    subprocess.run(["dpkg", "-x", next(folder.glob(f"{name}_*.deb")), folder / name], check=True)  # noqa: S603, S607
    return folder / name


def _licence(source: Path, target: str) -> None:
    (FONTS / target).write_bytes(source.read_bytes())


if __name__ == "__main__":
    main()
