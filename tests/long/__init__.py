"""What takes minutes a test, and is run by `make test-long`: real daemons, pages and portals, killed."""
