"""How the model server is talked to: its connections, its log, and the troubles that one may ask for."""
