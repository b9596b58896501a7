"""What is made, one folder a stage, in the order the data flows.

pull, exports, absence, flags, watchlists; `checks` and `simulator` stand beside the flow.
"""
