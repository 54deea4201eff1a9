"""The language as values: one frozen class a step, one an expectation; parser, schema and reference read them."""
