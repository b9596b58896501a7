"""A school system's SS12000 server becomes files, fetched over HTTP. No lake here."""
