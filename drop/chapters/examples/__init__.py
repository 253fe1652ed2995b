"""From raw data to the picture before and after pruning, in a few lines each: photos, texts, a table."""
