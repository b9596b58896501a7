"""Files as they came: looked at, waited for, decoded, kept."""
