"""Received files become lesson rows: layouts, readers, ledger, quarantine. No sums here."""
