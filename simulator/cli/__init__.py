"""The command line: one module a command, each with a `command`; everything heavy is imported when it is needed."""
