"""What runs inside the container beside LEAN; it is mounted there and imported by nobody here."""
