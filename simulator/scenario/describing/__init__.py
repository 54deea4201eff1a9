"""What can be said of the language and of one scenario without running anything: schema, reference, plan."""
