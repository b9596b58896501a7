"""What is made, one folder a stage, in the order the data flows.

pull, exports, absence, flags, watchlists, delivery, upkeep; `checks` and `simulator` stand beside
the flow.
"""
