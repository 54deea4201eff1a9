"""Requests that Schemathesis makes, alone and in sequences along the links of a contract."""
