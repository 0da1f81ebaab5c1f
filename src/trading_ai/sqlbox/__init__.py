"""Users' SQL, on copies of what they name, in a process that can be killed; it never reaches the database."""
