"""Who sends what, and what each sender may speak of (docs/trust.md)."""
