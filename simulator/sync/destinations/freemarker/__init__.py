"""The part of Apache FreeMarker's template language that payloads of cohort webhooks are written in."""
