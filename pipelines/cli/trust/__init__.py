"""Commands by which a person decides what senders said."""
