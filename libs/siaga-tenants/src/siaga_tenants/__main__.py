"""`python -m siaga_tenants [DIRECTORY]`: checks all tenants; prints what they are, or all errors with exit code 1."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from siaga_tenants.describe import border_problems, describe
from siaga_tenants.document import TenantError
from siaga_tenants.loading import load_tenants


def main() -> int:
    parser = argparse.ArgumentParser(prog="siaga_tenants", description="Check the data of all tenants.")
    parser.add_argument("directory", type=Path, nargs="?", default=Path("tenants"))
    directory: Path = parser.parse_args().directory
    try:
        tenants = load_tenants(directory)
    except TenantError as error:
        return _refuse(error.problems)
    problems = [problem for tenant in tenants.values() for problem in border_problems(tenant)]
    if problems:
        return _refuse(problems)
    sys.stdout.write("\n".join(describe(tenant) for tenant in tenants.values()) + "\n")
    return 0


def _refuse(problems: Sequence[str]) -> int:
    sys.stderr.write("\n".join((*problems, f"{len(problems)} problems")) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
