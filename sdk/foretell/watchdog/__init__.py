"""When runs and the process are looked at, and what follows: findings, calls back, pauses and halts."""
