"""One record: what a run is (its configuration, its key), what is kept of it, and whether it holds together.

Of data with groups, `classes` names the groups and every count and recall is a group's; `groups` says of which classes
they are, as many of each and class after class, and which test images share a scene.
"""

import base64
import hashlib
import json
import math
import re
import zlib
from collections.abc import Iterable
from typing import Any

PROTOCOL = 1  # raised when a change of the code changes results: records of several protocols are never mixed
FIELDS = "key protocol run data classes class_sizes kept quota_recalls validation test test_hits".split()
FIELDS += "curve seconds provenance".split()
RUN_FIELDS = "benchmark scale pruner density seed recipe".split()
CURVE_FIELDS = "epoch loss validation_average validation_worst".split()
PROVENANCE_FIELDS = "device python torch numpy commit date code".split()
Record = dict[str, Any]


def plain(value: Any, whole: bool = False) -> Any:
    """Return a value in JSON's types: arrays become lists, NaN and infinity null; with `whole`, 1.0 becomes 1."""
    if isinstance(value, dict):
        return {str(name): plain(item, whole) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, whole) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist(), whole)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value


def text(value: Any) -> str:
    """Return the one JSON text of a value: sorted names, no spaces, shortest exact floats."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def key(run: dict[str, Any], digest: str, protocol: int = PROTOCOL) -> str:
    """Return the 16 hex digits that identify a run on data of this digest under this protocol; 1 equals 1.0."""
    _require(all(name in run for name in RUN_FIELDS), f"a run has {', '.join(RUN_FIELDS)}, this one only {list(run)}")
    configuration = plain({"run": run, "data": digest, "protocol": protocol}, whole=True)
    return hashlib.sha256(text(configuration).encode()).hexdigest()[:16]


def place(run: dict[str, Any]) -> str:
    """Return `<benchmark>-<scale>/<pruner>`, where the records of a run stand."""
    names = (f"{run['benchmark']}-{run['scale']}", run["pruner"])
    return "/".join(re.sub(r"[^A-Za-z0-9._+-]", "_", name) for name in names)


def validate(record: Record) -> None:
    """Raise ValueError, in one sentence, unless a record is complete and its numbers agree with each other."""
    try:
        _check(record)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"a part of it has the wrong type or lacks a name ({error!r})") from error


def _check(record: Record) -> None:
    _require(isinstance(record, dict), "a record is a JSON object")
    _require(all(name in record for name in FIELDS), f"the record lacks {[n for n in FIELDS if n not in record]}")
    run, K = record["run"], len(record["classes"])
    _require(all(isinstance(run[name], str) for name in RUN_FIELDS[:3]), "benchmark, scale and pruner are names")
    density = run["density"]
    _require(_whole(run["seed"]) and 0 < density <= 1, f"density {density} or seed {run['seed']} is wrong")
    expected = key(run, record["data"], record["protocol"])
    _require(record["key"] == expected, f"its key is {record['key']}, but run, data and protocol give {expected}")
    sizes, kept, recalls = record["class_sizes"], record["kept"], record["quota_recalls"]
    _require(len(sizes) == len(kept) == K >= 1, f"{K} classes, {len(sizes)} class sizes, {len(kept)} kept counts")
    for n, N in zip(kept, sizes, strict=True):
        _require(_whole(n) and _whole(N) and n <= N, f"{n} of {N} samples of a class are kept")
    total = round(run["density"] * sum(sizes))
    cut = run["pruner"].startswith("group-subsampling") and len(set(kept)) == 1
    _require(cut or sum(kept) == total, f"{sum(kept)} samples are kept, but density {density} means {total}")
    if recalls is not None:
        _require(len(recalls) == K and all(0 <= r <= 1 for r in recalls), f"the quota recalls are {recalls}")
    if groups := record.get("groups"):
        of = len(groups["of_classes"])
        _require(1 < of < K and K % of == 0, f"{K} groups are not as many of each of {of} classes")
        found = clusters_of(record)
        images = sum(total for _, total in right_and_total(record["test"]))
        _require(found is None or len(found) == images, f"clusters are not of {images} test images")
    for split in ("validation", "test"):
        _require(_counted(record[split], K), f"the {split} counts are not those of {K} classes with samples in each")
    hits, start = hits_of(record), 0
    for k, (right, total) in enumerate(right_and_total(record["test"])):
        counted = hits[start : start + total].count("1")
        _require(
            counted == right, f"test_hits has {counted} images of class {k} right, but the test counts have {right}"
        )
        start += total
    lengths = {len(record["curve"][name]) for name in CURVE_FIELDS}
    _require(len(lengths) == 1, f"the columns of the curve have {sorted(lengths)} epochs")
    _require(record["seconds"] >= 0, f"seconds is {record['seconds']}")
    absent = [name for name in PROVENANCE_FIELDS if name not in record["provenance"]]
    _require(not absent, f"the provenance lacks {absent}")
    _check_later(record)


def _check_later(record: Record) -> None:
    """The fields that older records lack."""
    named = [record[name] for name in ("kept_digest", "cut") if name in record] + record.get("query_keys", [])
    odd = [value for value in named if not re.fullmatch("[0-9a-f]{16}", value)]
    _require(not odd, f"{odd} among kept_digest, cut and query_keys are not 16 hex digits")
    made = record["provenance"]
    _require(made.get("clean") in (True, False, None), f"clean is {made.get('clean')!r}")
    _require(made.get("arithmetic", "fp32") in ("bf16", "fp32"), f"the arithmetic is {made.get('arithmetic')!r}")
    counts = [made.get(name) for name in ("threads", "processes")]
    _require(all(n is None or (_whole(n) and n > 0) for n in counts), f"threads and processes are {counts}")


def circumstances(record: Record) -> str:
    """What the speed and the last digits of a record depend on, in words; "unknown" what an older record lacks."""
    made = record["provenance"]
    where = made.get("instructions", "unknown instruction set") or made["device"]
    tree = {True: "clean tree", False: "changed tree"}.get(made.get("clean"), "unknown tree")
    workers = " x ".join(f"{made[n]} {n}" for n in ("processes", "threads") if made.get(n)) or "unknown threads"
    return f"{made.get('arithmetic', 'unknown arithmetic')}, {where}, {workers}, {tree}"


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _whole(n: Any) -> bool:
    return type(n) is int and n >= 0


def right_and_total(counts: Any) -> list[tuple[int, int]]:
    """Correctly classified and all images of each class, from a confusion matrix or from correct and total."""
    if isinstance(counts, dict):
        return list(zip(counts["correct"], counts["total"], strict=True))
    return [(row[k], sum(row)) for k, row in enumerate(counts)]


def hits_of(record: Record) -> str:
    """One digit a test image, "1" where it was classified correctly: class after class, in file order within a class.

    Records hold them packed, eight images a byte, in base64: they pair two methods image by image.
    """
    count = sum(total for _, total in right_and_total(record["test"]))
    digits = "".join(f"{byte:08b}" for byte in base64.b64decode(record["test_hits"], validate=True))
    _require(len(digits) == -(-count // 8) * 8, f"test_hits has {len(digits)} digits for {count} test images")
    return digits[:count]


def packed_clusters(numbers: Iterable[int]) -> str:
    """Numbers below 2^16, one a test image in the order of `hits_of`, as a record keeps them: zlib in base64."""
    return base64.b64encode(zlib.compress(b"".join(n.to_bytes(2, "little") for n in numbers), 9)).decode()


def clusters_of(record: Record) -> list[int] | None:
    """The number of the scene of each test image, in the order of `hits_of`; None where images are independent."""
    packed = (record.get("groups") or {}).get("clusters")
    if packed is None:
        return None
    try:
        content = zlib.decompress(base64.b64decode(packed, validate=True))
    except zlib.error as error:
        raise ValueError(f"the clusters are damaged ({error})") from error
    return [int.from_bytes(content[i : i + 2], "little") for i in range(0, len(content), 2)]


def _counted(counts: Any, K: int) -> bool:
    """Whether counts are those of K classes with samples in every class."""
    square = isinstance(counts, dict) or all(len(row) == len(counts) and all(map(_whole, row)) for row in counts)
    pairs = right_and_total(counts)
    return square and len(pairs) == K and all(_whole(c) and _whole(n) and c <= n and n > 0 for c, n in pairs)
