"""Third stage: shots, who is where, cameras and the quality report, for a whole video."""
