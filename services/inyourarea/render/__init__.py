"""The fourth stage: windows and the source in, pieces, then one fancam per person and picture out."""
