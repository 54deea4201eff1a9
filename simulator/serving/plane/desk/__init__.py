"""Further settings pages: traits and webhooks, event streams and Currents, exports of runs and the mailbox."""
