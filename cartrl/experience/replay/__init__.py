"""What lies between collecting and learning."""
