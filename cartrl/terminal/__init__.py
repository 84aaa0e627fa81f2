"""What a person sees: the live display of a run, plain lines where there is no terminal, and closing tables."""
