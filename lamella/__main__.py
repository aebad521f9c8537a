"""`python -m lamella`: the command line, without the console script."""

from lamella.runners.cli import main

if __name__ == "__main__":
    main()
