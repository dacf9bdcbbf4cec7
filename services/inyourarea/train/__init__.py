"""A labelled dataset in, a model version in the repository out."""
