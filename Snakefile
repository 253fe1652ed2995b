# The batch: notebooks through papermill, then (if asked) the pages, then the book. Here: make rerun. On a cluster:
#
#     snakemake --profile profiles/slurm --config scale=paper-fast benchmark=cifar10 seeds=0-2
#
# What is to run follows from the records (book/batch.py), not from file times; settings: profiles/default.
import sys
from pathlib import Path

HERE = Path(workflow.basedir)
sys.path.insert(0, str(HERE / "book"))
import batch

PYTHON, SCRIPT = sys.executable, HERE / "book" / "batch_job.py"
REQUEST = {name: value for name, value in config.items() if str(value) not in ("", "None", "False")}
PENDING, PAGES = [], ["pages.made", "book.made"] if REQUEST.get("pages") else []
if workflow.is_main_process:  # a cluster's node gets the name of its job, whose specification stands beside the records
    PENDING = [job.name for job in batch.prepare(REQUEST)]
    for name in PAGES:
        (batch.home() / name).unlink(missing_ok=True)


workdir: str(batch.home())


localrules: all, pages, book


wildcard_constraints:
    job=r"[^/]+",


rule all:
    input: [f"{name}.done" for name in PENDING], PAGES


rule measure:
    output: "{job}.done"
    log: "{job}.ipynb"
    resources: gpu=lambda wildcards: batch.spec(wildcards.job)["gpu"]
    shell: "exec {PYTHON:q} {SCRIPT:q} {wildcards.job:q}"


rule pages:
    input: [f"{name}.done" for name in PENDING]
    output: touch("pages.made")
    shell: "cd {HERE:q} && {PYTHON:q} -m drop pack && {PYTHON:q} book/pages.py"


rule book:
    input: "pages.made"
    output: touch("book.made")
    shell: "cd {HERE:q} && {PYTHON:q} book/pages.py --live && {PYTHON:q} book/render.py"


def report():
    import batch_report

    print(batch_report.end_text(batch.jobs_of(REQUEST), PENDING), flush=True)


onsuccess:
    report()


onerror:
    report()
