"""Seeds and densities from the texts that people type, such as 0-4 and core."""

from drop.experiments.benchmarks import CORE, EXTENDED

MOST = 10_000  # seeds


def densities_of(text: str) -> tuple[float, ...]:
    """Densities from "core", "extended" or "0.1,0.3"; ValueError otherwise."""
    named = {"core": CORE, "extended": EXTENDED}
    if text in named:
        return named[text]
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"densities is {text!r}, but must be core, extended, or numbers such as 0.1,0.3") from None


def seeds_of(text: str) -> list[int]:
    """Seeds from "0-4" or "0,2,5-6"; ValueError otherwise, and for more than MOST of them."""
    try:
        ends = [[int(end) for end in part.split("-", 1)] for part in text.split(",")]
        if any(pair[0] > pair[-1] for pair in ends):
            raise ValueError(text)
    except ValueError:
        raise ValueError(f"seeds is {text!r}, but must be whole numbers and ranges such as 0-4 or 0,2") from None
    if (count := sum(pair[-1] - pair[0] + 1 for pair in ends)) > MOST:
        raise ValueError(f"seeds is {text!r}, which are {count:,}; at most {MOST:,} can be asked for at once")
    return [seed for pair in ends for seed in range(pair[0], pair[-1] + 1)]
