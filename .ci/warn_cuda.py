"""Say so when the install brought torch's CUDA packages, several gigabytes, onto a machine without an NVIDIA GPU."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path


def main() -> None:
    """Look at the installed packages and warn on stderr."""
    cuda = sorted({d.name for d in distributions() if d.name.startswith("nvidia-")})
    has_gpu = shutil.which("nvidia-smi") is not None or Path("/dev/nvidia0").exists()
    if cuda and not has_gpu:
        sys.stderr.write(
            f"Warning: {len(cuda)} CUDA packages came with torch, and this machine shows no NVIDIA GPU. Everything "
            "works, but torch's CPU build is several gigabytes smaller: PyTorch's pages say how to get it.\n"
        )


if __name__ == "__main__":
    main()
