"""Writes every reference file of the tests again. `make golden` runs it with the packages of requirements.txt.

Each script is a process of its own, so that no setting of one reaches another.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = [
    HERE / "make_raw_refs.py",
    HERE / "make_format_refs.py",
    HERE / "make_network_refs.py",
    HERE / "make_keras_refs.py",
    HERE / "make_lambda_refs.py",
    HERE / "../../crates/inkproof-lab/tests/golden/make_metric_refs.py",
]

for script in SCRIPTS:
    print(script.name, flush=True)
    subprocess.run([sys.executable, script.name], cwd=script.parent, check=True)
