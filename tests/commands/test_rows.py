"""Fields and lines of text: what lies in quotes is no delimiter, and no field is too long."""

import pytest

from drop.commands import rows


@pytest.mark.parametrize(("text", "expected"), [
    ("a,b;c,d\n", ","),
    ('"name, first";label\n"a, b";cat\n', ";"),
    ('label;"a ""x, y"", z"\n', ";"),
    ('"one,\ntwo,\nthree"\tlabel\n', "\t"),
    ('5" wide,label\n3" wide;x;y;z,cat\n', ","),  # a quote inside a field opens none
    ("\n\nx|label\na,b,c|d\n", "|"),
    ("label\na;b\n", ","),
    ("", ","),
])  # fmt: skip
def test_delimiters_are_counted_outside_quotes_in_the_first_row(text, expected):
    assert rows.delimiter(text) == expected


def test_a_field_may_be_long():
    long = "x" * 200_000
    assert rows.separated("a.csv", f"label,text\ncat,{long}\n", tab=False).columns["text"] == [long]


def test_blank_lines_are_no_rows_but_where_they_are_the_only_field():
    found = rows.separated("a.csv", "\nx,y\n\n1,2\n\n", tab=False)
    assert found == ({"x": ["1"], "y": ["2"]}, "x,y\n", ["1,2\n"])
    assert rows.separated("a.csv", "x\n1\n\n2\n\n\n", tab=False).columns == {"x": ["1", "", "2"]}


def test_columns_without_a_name_may_be_several():
    assert rows.separated("a.csv", "x,,\n1,2,3\n", tab=False).columns["x"] == ["1"]
