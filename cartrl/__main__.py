"""``python -m cartrl`` is ``cartrl``."""

from cartrl.cli import main

if __name__ == "__main__":
    main()
