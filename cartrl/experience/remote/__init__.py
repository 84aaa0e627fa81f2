"""Collectors in other processes, of this machine or of others, which play for a learner."""
