"""What every record needs: the base, the database, parties, and the errors of rules."""
