"""Campaigns and Canvases: who enters, what is sent over which channel, and the events that tell of it."""
