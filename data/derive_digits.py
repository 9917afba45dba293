#!/usr/bin/env python3
"""Derives data/digits.npy from scikit-learn's digits.csv.gz. Standard library only.

    pip download --no-deps scikit-learn==1.9.1 -d wheel
    unzip wheel/*.whl sklearn/datasets/data/digits.csv.gz
    python3 derive_digits.py sklearn/datasets/data/digits.csv.gz digits.npy
"""

import gzip
import hashlib
import sys

ROWS, PIXELS = 1797, 64
CSV_GZ_SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def main(source: str, destination: str) -> None:
    with open(source, "rb") as file:
        compressed = file.read()
    found = hashlib.sha256(compressed).hexdigest()
    if found != CSV_GZ_SHA256:
        sys.exit(f"error: {source} has sha256 {found}, expected {CSV_GZ_SHA256}")
    pixels = bytearray()
    lines = gzip.decompress(compressed).decode("ascii").splitlines()
    for number, line in enumerate(lines, start=1):
        values = [float(field) for field in line.split(",")]
        # 64 pixels, then the class label, which is dropped.
        assert len(values) == PIXELS + 1, (number, len(values))
        for value in values[:PIXELS]:
            assert value == int(value) and 0 <= value <= 16, (number, value)
            pixels.append(int(value))
    assert len(lines) == ROWS, len(lines)
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': ({ROWS}, {PIXELS}), }}"
    # The npy 1.0 format: magic, version, header length, header padded to a multiple of 64 bytes.
    header = header.ljust(128 - 10 - 1) + "\n"
    prefix = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    with open(destination, "wb") as file:
        file.write(prefix + header.encode("ascii") + pixels)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
