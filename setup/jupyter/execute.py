"""Runs a notebook from top to bottom on the lab's kernel and writes it, with its outputs, to another file.

After each cell it prints a line of JSON, {"cell": index, "of": count}. If a cell fails, the line also has "failure".
"""

import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

source, target, cell_limit_seconds = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
cells = notebook.cells
current = 0


def on_start(cell, cell_index):
    global current
    current = cell_index


def on_complete(cell, cell_index):
    print(json.dumps({"cell": cell_index, "of": len(cells)}), flush=True)


client = NotebookClient(
    notebook,
    kernel_name="lab",
    timeout=int(cell_limit_seconds),
    record_timing=False,
    coalesce_streams=True,
    on_cell_execute=on_start,
    on_cell_complete=on_complete,
    shutdown_kernel="immediate",
)
failure = None
try:
    client.execute()
except CellExecutionError:
    failure = "failed"  # the error is among the cell's outputs
except CellTimeoutError:
    failure = f"took more than {cell_limit_seconds} s"
except DeadKernelError:
    failure = "ended the kernel"
if failure is not None:
    print(json.dumps({"cell": current, "of": len(cells), "failure": failure}), flush=True)
nbformat.write(notebook, target)
