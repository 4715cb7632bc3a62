#!/usr/bin/env python3
"""Encrypts datasets as Data-Juicer does, with `cryptography`, runs Coldpress over them, and decrypts what it exports.

    encryption.py PROGRAM FOLDER

PROGRAM is `coldpress`; FOLDER is emptied. Exits 1 when what comes out is not what went in.
"""

import gzip
import io
import json
import pathlib
import shutil
import subprocess
import sys

import pyarrow
import pyarrow.parquet
from cryptography.fernet import Fernet

RECIPE = """
dataset_path: in
export_path: out/all.jsonl
work_dir: jobs
decrypt_after_reading: true
encrypt_before_export: true
encryption_key_path: key.txt
export_stats: true
partition: {size: 700}
process:
  - text_length_filter: {min_len: 0}
"""

ROWS = [{"id": n, "text": f"number {n} größer " * (n % 50)} for n in range(5000)]


def as_lines(rows):
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_parquet(rows):
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def main(program, folder):
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    key = Fernet.generate_key()
    fernet = Fernet(key)
    (folder / "key.txt").write_bytes(key)
    (folder / "recipe.yaml").write_text(RECIPE)
    files = {
        "a.jsonl": as_lines(ROWS),
        "b.jsonl.gz": gzip.compress(as_lines(ROWS)),
        "c.parquet": as_parquet(ROWS),
        "d.json": json.dumps(ROWS).encode(),
    }
    for name, content in files.items():
        (folder / "in" / name).write_bytes(fernet.encrypt(content))
    command = [pathlib.Path(program).resolve(), "process", "--config", "recipe.yaml", "--no-progress"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def decrypted(name):
        text = fernet.decrypt((folder / "out" / name).read_bytes())
        return [json.loads(line) for line in text.splitlines()]

    assert decrypted("all.jsonl") == ROWS * len(files), "the records differ"
    assert len(decrypted("all_stats.jsonl")) == len(ROWS) * len(files), "the statistics differ"
    print(f"-- encryption: {len(files)} files of cryptography read, the export decrypted by it")


if __name__ == "__main__":
    main(*sys.argv[1:])
