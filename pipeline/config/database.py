"""Say what audit.toml may tell of a database: where it is, whom to ask as, what to read.

A password never stands in it: the settings name the environment variable that holds it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

DEFAULT_PASSWORD_ENV: Final = "IVIG_AUDIT_DATABASE_PASSWORD"  # noqa: S105 - a name
# Per kind of server, the options that a url may hold; none of them is a secret.
OPTIONS: Final = {
    "postgresql": {"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "gssencmode"},
    "mssql": {"driver", "encrypt", "trustservercertificate"},
    "oracle": set[str](),
    "sqlite": set[str](),
}
_TABLE = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*){0,3}")
# What stands in quotes or in a comment is no word of the statement.
_QUOTED = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|\$(\w*)\$.*?\$\1\$",
    re.DOTALL,
)
_WRITING = {
    "insert", "update", "delete", "merge", "into", "drop", "alter", "create", "truncate", "exec",
    "execute", "call", "grant", "revoke", "lock", "commit", "rollback", "copy", "vacuum", "attach",
    "pragma", "begin", "declare",
}  # fmt: skip


class Database(BaseModel):
    """One database that records come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    password_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")] = DEFAULT_PASSWORD_ENV
    tables: dict[str, str] = {}
    queries: dict[str, str] = {}
    # Every table from one moment; off, each from a moment of its own (SQL Server only).
    snapshot: bool = True

    @model_validator(mode="before")
    @classmethod
    def no_password(cls, told: Any) -> Any:
        """Refuse a password in the file, without repeating it."""
        if isinstance(told, dict) and any("pass" in key and key != "password_env" for key in told):
            raise ValueError(
                "write no password here: put it into an environment variable and its name into"
                " password_env"
            )
        return told

    @field_validator("url")
    @classmethod
    def plain_url(cls, url: str) -> str:
        """Refuse a url of another kind, or one with a password or an option that may hide one."""
        try:
            split = urlsplit(url)
            options = {name.lower() for name, _ in parse_qsl(split.query, keep_blank_values=True)}
            has_place = bool(split.path.strip("/")) and (
                split.scheme == "sqlite" or (bool(split.hostname) and split.port != 0)
            )
        except ValueError:
            raise ValueError("not a url") from None
        if split.password is not None or "@" in split.path or split.fragment:
            raise ValueError(
                "write no password into the url: put it into an environment variable and its name"
                " into password_env"
            )
        if split.scheme not in OPTIONS or not has_place:
            raise ValueError(f"write {'|'.join(OPTIONS)}://user@host:port/database")
        if options - OPTIONS[split.scheme]:
            known = ", ".join(sorted(OPTIONS[split.scheme])) or "none"
            raise ValueError(f"options a {split.scheme} url may have: {known}")
        return url

    @field_validator("tables")
    @classmethod
    def plain_names(cls, tables: dict[str, str]) -> dict[str, str]:
        """Refuse what is no plain name of a table, such as schema.table."""
        if wrong := sorted(name for name, table in tables.items() if not _TABLE.fullmatch(table)):
            raise ValueError(f"{', '.join(wrong)}: not schema.table; write a query instead")
        return tables

    @field_validator("queries")
    @classmethod
    def selects_only(cls, queries: dict[str, str]) -> dict[str, str]:
        """Refuse a query that is no single SELECT."""
        if wrong := sorted(name for name, query in queries.items() if not is_select(query)):
            raise ValueError(f"{', '.join(wrong)}: not one SELECT that only reads")
        return queries

    @model_validator(mode="after")
    def one_origin(self) -> Self:
        """Refuse a record that is told twice, and a database of which nothing is read."""
        if twice := sorted(self.tables.keys() & self.queries.keys()):
            raise ValueError(f"{', '.join(twice)}: choose one of tables and queries")
        if not self.tables and not self.queries:
            raise ValueError("names no table: write tables or queries")
        return self

    @property
    def kind(self) -> str:
        """Return the kind of server: postgresql, mssql, oracle or sqlite."""
        return self.split.scheme

    @property
    def split(self) -> SplitResult:
        """Return the parts of the url."""
        return urlsplit(self.url)

    @property
    def user(self) -> str:
        """Return whom to ask as; empty: nobody is named."""
        return unquote(self.split.username or "")

    @property
    def name(self) -> str:
        """Return the name of the database, or the path of its file."""
        return unquote(self.split.path.removeprefix("/"))

    @property
    def options(self) -> dict[str, str]:
        """Return the options of the url, their names in lower case."""
        return {name.lower(): value for name, value in parse_qsl(self.split.query)}

    @property
    def selects(self) -> dict[str, str]:
        """Return the SELECT of each record or table, in the order of their names."""
        selects = {name: f"SELECT * FROM {table}" for name, table in self.tables.items()}
        told = selects | {name: query.strip().rstrip(";") for name, query in self.queries.items()}
        return {name: told[name] for name in sorted(told)}


def is_select(query: str) -> bool:
    """Say whether a text is one statement that only reads, as far as its words tell.

    The transaction is opened for reading only besides, where the server knows such a thing.
    """
    bare = _QUOTED.sub(" ", query).strip().rstrip(";")
    words = re.findall(r"[a-z_]+", bare.lower())
    has_start = bool(words) and words[0] in ("select", "with") and "select" in words
    is_closed = not re.search(r"--|/\*|['\"]", bare)
    return has_start and is_closed and ";" not in bare and not _WRITING & set(words)
