"""Ten reports as a user of another engine would write them: pandas, Polars, PostgreSQL, ClickHouse (chdb)."""
