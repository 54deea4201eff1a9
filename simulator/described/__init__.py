"""What contracts describe beyond the reach of a schema: the fields of requests by name, and what files hold."""
