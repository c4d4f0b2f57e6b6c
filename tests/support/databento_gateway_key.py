"""The key that the stand-in of DataBento takes; apart, for the stand-in needs libraries."""

KEY = "db-stand-in"
