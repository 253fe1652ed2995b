"""Everything that executes in numbers: batches, lists, reports, remote boxes."""
