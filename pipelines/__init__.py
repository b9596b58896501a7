"""When and how it runs: wiring only. What is made is in `assets`, what numbers mean in `rules`."""
