"""What may be kept: finds secrets and personal data in everything that is recorded, and says what it took out."""
