"""The console script and `python -m lamella`: signals first, so that the imports of the command line can be interrupted."""

from lamella.runners.lean_beam import import_beam_lean
from lamella.runners.signals import end_on_signals


def main() -> None:
    end_on_signals()
    import_beam_lean()
    from lamella.runners.cli import main as run

    run()


if __name__ == "__main__":
    main()
