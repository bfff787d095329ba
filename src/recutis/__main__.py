"""`python -m recutis`."""

from recutis.cli import main

main()
