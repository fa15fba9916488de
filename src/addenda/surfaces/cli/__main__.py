"""``python -m addenda.surfaces.cli``: the same as the ``addenda`` script."""

from __future__ import annotations

import sys

from addenda.surfaces.cli.app import main

sys.exit(main())
