"""What answers the REST operations that send messages: at once or later, with a plan of the dashboard or without."""
