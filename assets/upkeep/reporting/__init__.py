"""What somebody is told of a night: its report, how a home stands, mail, metrics, a ping."""
