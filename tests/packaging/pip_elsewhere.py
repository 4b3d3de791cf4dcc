"""pip, as it would resolve on another machine: python pip_elsewhere.py ENVIRONMENT ARGUMENT...

`--platform` and `--python-version` choose wheels, but pip evaluates environment markers with the
interpreter that runs it, so ENVIRONMENT (JSON) is put in the place of that interpreter's.
"""

import json
import sys

from pip._vendor.packaging import markers

_HERE = markers.default_environment()
_THERE = json.loads(sys.argv[1])
markers.default_environment = lambda: {**_HERE, **_THERE}  # type: ignore[assignment]

from pip._internal.cli.main import main  # noqa: E402  imports the function that was replaced

sys.exit(main(sys.argv[2:]))
