"""Numbers written for people."""


def percent(share: float) -> str:
    """Return a share in percent; 0 % and 100 % are said of none and of all alone."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def p_value(value: float) -> str:
    """Return a p-value with its relation."""
    return f"= {value:.4f}" if value >= 0.0001 else "< 0.0001"
