"""The fourth stage: windows and source in; pieces, then a fancam per person and picture out."""
