"""What the services talk about: pure nouns and arithmetic over arrays, no SDK."""
