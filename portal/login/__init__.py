"""Who somebody is: the municipality's login, and on one's own machine a choice."""
