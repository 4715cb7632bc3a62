"""Makes the frozen directories of `crates/docetl/testdata` again with the real package, and compares them byte by byte."""

import filecmp
import pathlib
import subprocess
import sys

TESTDATA = pathlib.Path("crates/docetl/testdata")
FOLDERS = ["docetl", "numbers", "document", "pandas", "mixed"]


def main():
    target = pathlib.Path(sys.argv[2]) / "again"
    command = [sys.executable, "-B", str(TESTDATA / "make.py"), str(target)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        sys.exit(made.stdout)
    for folder in FOLDERS:
        frozen, again = files(TESTDATA / folder), files(target / folder)
        assert frozen == again, (frozen, again)
        _, differ, missing = filecmp.cmpfiles(TESTDATA / folder, target / folder, frozen, shallow=False)
        assert not differ and not missing, (folder, differ, missing)
    print(f"{len(FOLDERS)} directories, the same as the frozen ones")


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
