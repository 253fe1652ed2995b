"""What several chapters of the book share: the grid of runs, the ledger, figures, the analyses."""
