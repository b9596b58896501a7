"""What keeps a home going for years: reports, maintenance, erasure, backup."""
