"""`python -m foretell.cli`: the same as the command `foretell`."""

from foretell.cli.main import main

main()
