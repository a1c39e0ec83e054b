"""A small support desk that really works: three agents, a database, two services and a model server to watch."""
