"""What takes minutes a test, run by `make test-long`: daemons, pages and portals, killed."""
