"""How the ledger's verdicts are shown: the matrix of claims by data set, the tests of one claim, links to records.

shown = Shown(document, found, cells, Registered())
tables.show(shown.matrix(), ["claim", *shown.columns], "Verdicts …", folded=False)
shown.claim("C1")                the paper's statement, our tests in words with what they say, links, every line
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from drop.chapters import extract, figures, tables
from drop.chapters.grid import TITLES
from drop.chapters.judging import Cells
from drop.chapters.ledger import MIXTURES, STATES, Family, Ledger, Member, apart, place_of
from drop.chapters.registration import Registered
from drop.experiments.benchmarks import SCALES

ARROWS = {"above": "↑", "below": "↓", "open": "?", "does not apply": "n/a", "not measured": "–"}
TONES = {"holds": "above", "true by definition": "above", "fails": "below"}
MOST = 2  # data sets in a cell, or in a table that is not folded
KINDS = {"ours": "More than the paper says: ", "by_definition": "True by definition: "}
UNKNOWN = "available to us"  # in what the paper's value is


def titled(place: str) -> str:
    """A benchmark at a scale, as people write it; the laptop scale goes without saying."""
    scale = max((s for s in SCALES if place.endswith(f"-{s}")), key=len, default="")
    name = place.removesuffix(f"-{scale}") if scale else place
    return TITLES.get(name, name) + (f" ({scale} scale)" if scale and scale != "laptop" else "")


def words(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True)
class Shown:
    """A claims file, its families, the records behind them and what was registered when."""

    document: dict[str, Any]
    found: Ledger
    cells: Cells
    registered: Registered

    def tried(self, family: Family) -> list[Member]:
        """The members of a family that were measured."""
        pairs = zip(family.members, family.states, strict=True)
        return [member for member, state in pairs if state != "not measured"]

    def blind(self, family: Family) -> int:
        """How many of these were registered before what they compare was measured."""
        return sum(self.registered.blind(member, self.cells) for member in self.tried(family))

    def said(self, family: Family, before: str = "") -> tables.Words:
        """A verdict with its mark, and how many members stand where."""
        n, total = self.blind(family), len(self.tried(family))
        mark = "●" if n == total else "◐" if n else "○"
        counts = " ".join(f"{family.counts[state]}{ARROWS[state]}" for state in STATES if family.counts[state])
        return tables.Words(f"{family.verdict} {mark}", before + counts, TONES.get(family.verdict, ""))

    @property
    def measured(self) -> Ledger:
        return {key: family for key, family in self.found.items() if family.verdict != "not measured"}

    @property
    def columns(self) -> list[str]:
        """The data sets on which more than half of the measured claims were tried."""
        claims = {claim["id"] for claim in self.document["claims"]}
        places = Counter(place for name, place in self.measured if name in claims)
        return [place for place, n in places.items() if 2 * n > len({name for name, _ in self.measured} & claims)]

    def matrix(self) -> list[list]:
        """A row a claim: the verdict in each of `columns`, and those on other data."""
        rows = []
        for claim in self.document["claims"]:
            mine = {place: family for (name, place), family in self.measured.items() if name == claim["id"]}
            rest = {place: family for place, family in mine.items() if place not in self.columns}
            first = [self.said(mine[place]) if place in mine else None for place in self.columns]
            rows.append([f"{claim['id']} {claim['name']}", *first, self.together(rest)])
        return rows

    def together(self, families: dict[str, Family]) -> tables.Words | None:
        """The verdicts on some data sets in one cell."""
        if not families:
            return None
        each = [self.said(family, f"{titled(place)}: ") for place, family in families.items()]
        if len(each) <= MOST and len({one.text for one in each}) == 1:
            return each[0]._replace(small="; ".join(one.small for one in each))
        verdicts = Counter(family.verdict for family in families.values()).most_common()
        rare = {verdict for verdict, _ in verdicts[1:]}  # the most common one goes without names
        named = [f"{one.verdict} on {titled(place)}" for place, one in families.items() if one.verdict in rare]
        return tables.Words(", ".join(f"{n} {verdict}" for verdict, n in verdicts),
                            "; ".join([f"on {len(families)} data sets", *named]))  # fmt: skip

    def claim(self, name: str) -> None:
        """Publish a claim: where the paper makes it, our tests in words and what they say, every line, links.

        Of a claim of ours, which has a chapter to itself, only the tables are published, all folded.
        """
        claim = next(claim for claim in self.document["claims"] if claim["id"] == name)
        ours = claim.get("ours", False)
        values = [part for part in words(claim["paper"]).split("; ") if UNKNOWN not in part]
        also = f" {values[0][0].upper()}{values[0][1:]}." if values else ""
        if not ours:
            where = words(claim["source"]).removeprefix("paper, ")
            figures.say(f"**The paper** ({where}). {words(claim['claim'])}{also}")
        mine = {key: family for key, family in self.measured.items() if self.of(key[0]) == name}
        if not mine:
            figures.say(f"*Registered, not measured yet: {', '.join(part['id'] for part in claim['parts'])}.*")
            return
        self._tests(claim, mine)
        lines = [test for family in mine.values() for test in family.lines]
        extract.show_lines(lines, f"Every line of {name}, in the notation of claims.yml, with its 95 % interval and "
                           "one-sided p-values.")  # fmt: skip
        if not ours:
            figures.publish({"text/html": self.links(lines), "text/plain": "Records: see the explorer."})

    def of(self, source: str) -> str:
        """The claim to which a claim or a part that is judged for itself belongs."""
        return next(claim["id"] for claim in self.document["claims"]
                    if source == claim["id"] or any(source == part["id"] for part in claim["parts"]))  # fmt: skip

    def _tests(self, claim: dict[str, Any], mine: Ledger) -> None:
        """The measured parts of a claim in words; folded, what goes beyond the paper or the first data sets."""
        whole = {place: family for (source, place), family in mine.items() if source == claim["id"]}
        first = [place for place in whole if place in self.columns] or list(whole)
        rows, more, untried = [], [], []
        for part in claim["parts"]:
            source = part["id"] if apart(part) else claim["id"]
            of = {place: by_part[part["id"]] for (name, place), family in mine.items() if name == source
                  if part["id"] in (by_part := family.by_part())}  # fmt: skip
            of = {place: family for place, family in of.items() if self.tried(family)}
            kind = next((text for key, text in KINDS.items() if part.get(key)), "")
            text = f"{part['id']}: {kind}{words(part['says']).partition(' Not blind:')[0]}"
            if not of:
                untried.append(part["id"])
            elif not apart(part) and set(of) & set(first):
                rows.append([text, *(self.said(of[place]) if place in of else None for place in first)])
            else:
                more.append([text, self.together(of)])
        heads = [(titled(place), whole[place].verdict) for place in first]
        lacking = f" Registered, not measured: {', '.join(untried)}." if untried else ""
        tables.show(rows, ["what we test", *heads], f"Tests of {claim['id']}.{lacking}",
                    folded=claim.get("ours", False) or len(first) > MOST)  # fmt: skip
        if more:
            tables.show(more, ["what we test besides", "verdict"], f"What {claim['id']} has beyond the paper's words, "
                        "and on other data.")  # fmt: skip

    def links(self, lines: Iterable) -> str:
        """Links to the records behind some lines in the explorer, by data set."""
        pruners: dict[str, dict[str, None]] = {}
        for line in (test.line for test in lines):
            sides = [side[0] for side in (line.left, line.right) if not isinstance(side, float)]
            if place_of(line.benchmark) != MIXTURES:
                pruners.setdefault(line.benchmark, {}).update(dict.fromkeys(sides))
        states = {place: urlencode({"place": place, "methods": ",".join(names)}) for place, names in pruners.items()}
        links = [f'<a href="explorer.html#{html.escape(state)}">{titled(place)}</a>' for place, state in states.items()]
        text = f"The records behind it: {', '.join(links)}." if links else "Computed from formulas, without records."
        return f'<p class="drop-records">{text}</p>'

    def changes(self) -> list[Sequence[str]]:
        """What was changed after it was registered, in the order of time."""
        found = [(str(change["date"]), claim["id"], words(change["reason"]))
                 for claim in self.document["claims"] for change in claim.get("changes", [])]  # fmt: skip
        return sorted(found, key=lambda change: change[0])
