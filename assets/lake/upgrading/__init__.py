"""From an older form of the lake to the present one."""
