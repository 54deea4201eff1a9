"""`python -m simulator.cli` is `absim`, for machines where scripts are not on the path."""

from simulator.cli.main import main

if __name__ == "__main__":
    main()
