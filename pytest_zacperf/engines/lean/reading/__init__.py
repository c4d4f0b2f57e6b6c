"""What LEAN wrote, files of any year, to our records; runs nothing and knows no Docker."""
