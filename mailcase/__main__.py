"""`python -m mailcase`: the command line."""

from mailcase.cli.main import main

if __name__ == "__main__":
    main()
