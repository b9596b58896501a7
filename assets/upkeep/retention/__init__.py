"""What goes because its time is over, by a decision of the municipality."""
