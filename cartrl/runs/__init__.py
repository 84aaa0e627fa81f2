"""What lies on disk: runs, studies and sweeps, and how they are read back."""
