"""What a backup is made with: PostgreSQL's programs, one file, databases that are exchanged. No Django in here."""
