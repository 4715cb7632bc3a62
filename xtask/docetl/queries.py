"""Runs each query of docs/docetl.md over the frozen directory with DuckDB, and compares with the result beside it.

    python xtask/docetl/queries.py PROGRAM FOLDER            compares
    python xtask/docetl/queries.py PROGRAM FOLDER --write    writes the results into the manual
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import duckdb

MANUAL = pathlib.Path("docs/docetl.md").resolve()
TESTDATA = pathlib.Path("crates/docetl/testdata/docetl")
# A query, and what it gives.
BLOCK = re.compile(r"```sql\n(.*?)```\n\n```text\n(.*?)```\n", re.DOTALL)


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]) / "queries"
    intermediate = folder / "intermediate"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TESTDATA, intermediate)
    migrate = [program, "docetl", "migrate", intermediate, "--remove-originals"]
    subprocess.run(migrate, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.chdir(folder)
    manual = MANUAL.read_text()
    if "--write" in sys.argv:
        MANUAL.write_text(BLOCK.sub(lambda block: f"```sql\n{block[1]}```\n\n```text\n{answer(block[1])}```\n", manual))
        return
    blocks = BLOCK.findall(manual)
    assert len(blocks) == manual.count("```sql"), "a query of docs/docetl.md has no result beside it"
    assert len(blocks) >= 4, len(blocks)
    for query, expected in blocks:
        found = answer(query)
        assert found == expected, f"{query}gives\n{found}and not\n{expected}"
    print(f"{len(blocks)} queries of docs/docetl.md give what is beside them")


def answer(query):
    """The rows as DuckDB shows them, without blanks at the ends of lines."""
    lines = str(duckdb.sql(query)).rstrip().splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)


if __name__ == "__main__":
    main()
