"""`python -m ops`: the command line as the launcher starts it. Ctrl-C ends it quietly even while it is still loading."""

import sys

try:
    from ops.cli import main

    main()
except KeyboardInterrupt:
    sys.exit(130)
