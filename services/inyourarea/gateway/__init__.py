"""The players' side of the house: HTTP in front, facts and a catalog behind."""
