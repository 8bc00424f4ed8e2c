"""Where Managed Flink and the embedded run begin: the application is the package `business`, which is handed over beside it."""

import sys

from business.application import main

if __name__ == "__main__":
    main(sys.argv[1:])
