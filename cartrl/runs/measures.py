"""What the returns of a run are."""

GREEDY = "greedy return"
TRAINING = "training return"
UNKNOWN = "return"  # of a policy that explores, or of the greedy one
