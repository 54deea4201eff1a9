"""The /users/* operations: what a request may hold, and what it does to profiles."""
