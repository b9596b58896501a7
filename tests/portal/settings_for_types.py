"""The portal's settings in a home that is thrown away: what the type checker looks at models by."""

import os
from tempfile import mkdtemp

os.environ.setdefault("TRAPPAN_HOME", mkdtemp())
from portal.settings import *  # noqa: F403
