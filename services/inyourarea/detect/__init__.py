"""The second stage: a frame pack in, the boxes of everybody in its pictures out."""
