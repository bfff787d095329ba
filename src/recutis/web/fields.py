"""A field for documents that must come back as they were kept."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models


class DocumentField(models.JSONField):
    """JSON kept word for word: PostgreSQL's `json`, for `jsonb` sorts keys and writes numbers anew.

    A plan's text, the hash of an audit entry and what somebody typed depend on both. Its keys can be read in queries, not compared.
    """

    def db_type(self, connection: Any) -> str | None:
        """`json` on PostgreSQL, as Django has it elsewhere."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The value for the database, as text that PostgreSQL does not rearrange."""
        if connection.vendor != "postgresql" or value is None or hasattr(value, "as_sql"):
            return super().get_db_prep_value(value, connection, prepared)
        from psycopg.types.json import Json

        return Json(value, dumps=partial(json.dumps, cls=self.encoder))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The value from the database; PostgreSQL's driver has read `json` already."""
        if connection.vendor == "postgresql":
            return value
        return super().from_db_value(value, expression, connection)

    if TYPE_CHECKING:  # what a record holds there is JSON, not the field

        def __get__(self, record: Any, of: Any) -> Any: ...

        def __set__(self, record: Any, value: Any) -> None: ...
