"""InYourArea: one video of a group on stage in, one fancam per member out."""
