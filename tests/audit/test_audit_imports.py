"""An audit of files starts fast: what it does not need is not imported."""

import subprocess
import sys
from pathlib import Path

from rule_kit import app, laid_out

HEAVY = ("cryptography", "sqlalchemy", "httpx2", "aiohttp", "starlette", "joserfc", "jinja2")


def test_an_audit_of_a_file_imports_neither_a_database_nor_a_network(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.connectedApp": app()})
    code = (
        "import sys; from pathlib import Path; from evergrant.audit.run import audit; "
        "assert audit([Path(sys.argv[1])]).findings; "
        f"print([each for each in {HEAVY} if each in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
