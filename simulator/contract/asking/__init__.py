"""What is asked of a service and how the answers are judged: campaigns, journeys, probes, the status meter."""
