"""An independent reading of the domain in plain Python, to hold the product against."""
