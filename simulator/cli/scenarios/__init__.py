"""Commands about scenarios: run them, check them, explain them, write them."""
