"""Synthetic schools for samples, tests and benchmarks. Never used by the nightly run.

Belongs here: everything that invents pupils, timetables and absence, and writes them as the export
files a school would send. Does not belong here: reading such files, or knowing what is flagged.
The package imports no other stage, so a mistake in a reader cannot hide itself in its own samples.
"""

from assets.simulator.plan import SimulationPlan, SimulationSummary
from assets.simulator.run import simulate

__all__ = ["SimulationPlan", "SimulationSummary", "simulate"]
