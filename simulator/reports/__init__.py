"""What a run leaves behind: words on a terminal, JUnit XML, JSON; each made from results alone."""
