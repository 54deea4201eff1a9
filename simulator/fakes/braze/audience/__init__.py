"""Whom Braze reaches and how: segments, campaigns, Canvases, subscription and e-mail lists, exports of members."""
