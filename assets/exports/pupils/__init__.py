"""Who a row is about: identity numbers, keys, merges, protection."""
