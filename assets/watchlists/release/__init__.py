"""Lists that go out, are held, kept and restated."""
