"""What the numbers mean: dated, cited parameters and the rules built of them. Pure Python."""
