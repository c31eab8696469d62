"""Where a report runs. An engine opens the segments of a scope and runs one compiled expression over them."""
