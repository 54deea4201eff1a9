"""What happened because of messages and beside them: the one sequence of events, reactions, figures, Currents."""
