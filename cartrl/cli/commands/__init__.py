"""What each command does, once the command line has read its options."""
