"""Where runs are trained: worker processes of this machine."""
