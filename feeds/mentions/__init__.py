"""What an article names, each with the words that name it: one module a thing, all pure functions of a text."""
