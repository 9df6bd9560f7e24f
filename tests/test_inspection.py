"""What an inspection says of a file."""
