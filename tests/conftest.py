"""Settings that every test shares: Hypothesis without deadlines, because a busy machine is no failure.

Under CI the examples are always the same, so that what passed once passes again; elsewhere every run tries new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "addenda", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=os.environ.get("CI") == "true"
)
settings.load_profile("addenda")
