"""Show the record contract: as text, as a Markdown page and as an empty CSV template."""

from __future__ import annotations

from schemas import Column, Contract, contract, contracts

_INTRODUCTION = """# The record contract

A source gives one CSV file (UTF-8, with a header) or Parquet file, or a glob of them, per record
kind, named after the kind. Only `patient` and one of `infusion` and `dispensing` must be there.
A column in **bold** must exist and be filled in every row; any other may be missing or empty.

- Numbers have no thousands separator; their decimal mark is `csv.decimal` of `audit.toml`.
- Dates are `YYYY-MM-DD`, or as `source.date_format` says. Times add `T` or a space and `HH:MM`,
  with seconds and an offset (`Z`, `+02:00`) where known; without an offset they are local times of
  `source.time_zone`. A time may be a date alone: its hour is then unknown. Years 1800 to 2299 pass.
- Booleans are `true` or `false`, `1` or `0`, `yes` or `no`, `y` or `n`. Case does not matter, and
  neither does it in a column with allowed values.
- † marks a plausibility limit of our own, which no guideline states.

A row that breaks the contract goes to `quarantine.<record>` with the reason. In records marked
"keeps bad cells" a bad optional cell is emptied and noted in `staged.flag`, and the row stays.
"""


def as_text(record: str | None = None) -> str:
    """Return one record kind's contract as plain text, or all of them."""
    shown = contracts() if record is None else [contract(record)]
    closing = "* must exist and be filled. † our own limit, stated by no guideline."
    return "\n\n".join([*(_text(one) for one in shown), closing])


def template(record: str) -> str:
    """Return an empty CSV file of one record kind: its header line."""
    return ",".join(column.name for column in contract(record).every_column)


def as_markdown() -> str:
    """Return the page `docs/generated/record-contract.md`."""
    pages = [_INTRODUCTION, *(_markdown(one) for one in contracts()), _markdown_common()]
    return "\n".join(pages)


def _text(one: Contract) -> str:
    width = max(len(column.name) for column in one.every_column)
    lines = [one.record, f"  {one.row}", *(f"  {note}" for note in _notes(one))]
    lines += [_text_line(column, width) for column in one.every_column]
    return "\n".join(lines)


def _text_line(column: Column, width: int) -> str:
    mark = "*" if column.required else " "
    told = [column.description, *([_allowed(column)] if column.allowed else [])]
    unit = f"{_type(column)} {column.unit or ''}"
    return f"  {mark} {column.name:<{width}}  {unit:<18}  {' '.join(told)}"


def _markdown(one: Contract) -> str:
    notes = "".join(f"- {note}\n" for note in _notes(one))
    return f"## `{one.record}`\n\n{one.row}\n\n{notes}\n{_markdown_table(one.columns)}"


def _markdown_common() -> str:
    title = "## Columns every record may carry\n\n"
    return title + _markdown_table(contracts()[0].common)


def _markdown_table(columns: tuple[Column, ...]) -> str:
    head = "| column | type | unit | meaning | allowed values |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(f"{_markdown_line(column)}\n" for column in columns)


def _markdown_line(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    allowed = ", ".join(f"`{word}`" for word in column.allowed)
    cells = [name, _type(column), column.unit or "", column.description, allowed]
    return f"| {' | '.join(cells)} |"


def _type(column: Column) -> str:
    return f"{column.kind}({column.digits},{column.decimals})" if column.digits else column.kind


def _allowed(column: Column) -> str:
    return f"[{' '.join(column.allowed)}]"


def _notes(one: Contract) -> list[str]:
    """Say in sentences what holds of the record as a whole."""
    key = " and ".join(one.identity)
    notes = [f"Identity: source_id and {key}." if key else "Identity: the whole row."]
    if one.parent:
        notes.append(f"A row whose {one.parent[0]} is not in {one.parent[1]} is quarantined.")
    notes += [f"{column} names a row of {other}." for column, other in one.links]
    if one.keeps_bad_cells:
        notes.append("It keeps bad cells: an unreadable optional cell never loses the row.")
    return notes
