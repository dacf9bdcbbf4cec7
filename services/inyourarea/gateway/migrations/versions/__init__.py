"""One file per change of the catalog's tables."""
