"""Dagster's pages on this machine: who may ask them what, and the processes behind them."""
