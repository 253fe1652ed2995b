"""What several chapters of the book share: the grid of runs, the ledger, figures, charts, tables, the analyses.

A chapter asks for a grid of runs, draws it with a kind of chart, and shows the numbers in a folded table:

    from drop.chapters import charts, figures, tables
    from drop.chapters.grid import Grid

    figures.style()
    grids = [Grid(name, "laptop", ["random", "random+drop"], [0.1, 0.3, 1.0], seeds) for name in benchmarks]
    figures.show(
        [charts.curves(grid, "worst_class", ["random", "random+drop"], [0.1, 0.3, 1.0]) for grid in grids],
        caption="Worst-class accuracy (%) against density (laptop scale, n = 5 seeds); dotted: all the data.",
        alt="At density 0.1 the worst class has … under Random+DRoP and … under Random.",
    )
    tables.show(
        [["Random+DRoP", grid.estimate("random+drop", 0.1, "average"), grid.compare("random+drop", "random", 0.1)]],
        ["pruner", "average", "minus Random"], "Average (%) and gain of the worst class (points).",
        best=["average"], signed=["minus Random"],
    )

Text is Markdown written by a person; `prose.values` gives it numbers to paste, `prose.holds` checks what it asserts,
and `prose.made` closes a chapter with how it was made. Cells that only prepare or tabulate are tagged remove-input, the
one that draws a section's figure hide-input and nbval-ignore-output.

charts.py lists the kinds: curves, differences and forest, frontier, ranked, classes, class_map; `charts.panel` gives an
empty panel of the book's size for the drawing that only one chapter needs. A method has one colour and one marker
everywhere (`figures.method`); what lies above and below a comparison is `figures.MORE` and `figures.LESS`.
"""
