#!/usr/bin/env python3
"""Writes src/Cpt.Models/Tokenization/nfc.txt from Python's unicodedata: what Unicode normalization form C needs.

.NET cannot normalize in invariant-globalization mode, and the trainer's image carries no ICU.
Lines: "d CP A [B] [x]" canonical decomposition (x: excluded from composition); "c FIRST LAST CLASS" combining classes.
"""
import pathlib
import sys
import unicodedata

lines = [f"# Unicode {unicodedata.unidata_version}; made by eng/make-nfc-table.py"]
for cp in range(sys.maxunicode + 1):
    parts = unicodedata.decomposition(chr(cp)).split()
    if parts and not parts[0].startswith("<"):
        excluded = unicodedata.normalize("NFC", chr(cp)) != chr(cp)
        lines.append(" ".join(["d", f"{cp:x}", *(p.lstrip("0").lower() for p in parts), *(["x"] if excluded else [])]))
first = None
for cp in range(sys.maxunicode + 2):
    ccc = unicodedata.combining(chr(cp)) if cp <= sys.maxunicode else 0
    if first is not None and ccc != first[1]:
        lines.append(f"c {first[0]:x} {cp - 1:x} {first[1]}")
        first = None
    if ccc and first is None:
        first = (cp, ccc)
target = pathlib.Path(__file__).resolve().parent.parent / "src/Cpt.Models/Tokenization/nfc.txt"
target.write_text("\n".join(lines) + "\n", encoding="ascii")
print(f"{target}: {len(lines)} lines")
