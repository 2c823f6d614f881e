"""Ibis on a Spark session, small tables and results carried by Arrow.

Ibis itself goes through pandas both ways, where whole numbers with nulls become floats and texts with
nulls become NaN. Import this module only where pyspark is installed.
"""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any, Self

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends.pyspark import Backend as PySpark
from ibis.backends.pyspark.datatypes import PySparkSchema
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.formats.pyarrow import PyArrowData
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StringType


class Compiler(PySparkCompiler):  # type: ignore[misc]  # ibis ships no types
    """Fractions are doubles, as on DuckDB: Spark reads 0.5 as a decimal and rounds what it divides."""

    def visit_NonNullLiteral(self, op: ops.Literal, *, value: Any, dtype: Any) -> Any:  # noqa: N802
        if dtype.is_floating() and math.isfinite(value):
            return self.cast(sge.convert(value), dtype)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)


class Backend(PySpark):  # type: ignore[misc]  # ibis ships no types
    """One Spark session; `keep` and `put` name tables in it, `forget` drops them all."""

    compiler = Compiler()

    @classmethod
    def over(cls, session: Any) -> Self:
        """Ibis over a session."""
        cls.register_options()
        made = cls(session)
        made.reconnect()
        return made

    def put(self, name: str, table: pa.Table, schema: ibis.Schema | None = None) -> ir.Table:
        """A small table of this process under a name of the session."""
        schema = ibis.schema(table.schema) if schema is None else schema
        frame = self._session.createDataFrame(
            table.cast(schema.to_pyarrow()), schema=PySparkSchema.from_ibis(schema)
        )
        return self.view(name, frame, schema)

    def scan(self, name: str, files: Iterable[str], base: str, schema: pa.Schema) -> None:
        """Parquet files as a table; what stands in their paths below `base` are columns, too."""
        kinds = from_arrow_schema(schema, prefer_timestamp_ntz=True)
        reader = self._session.read.schema(kinds).option("basePath", _address(base))
        reader.parquet(*map(_address, files)).createOrReplaceTempView(name)
        self._named.add(name)

    def query(self, sql: str) -> Any:
        """The rows of a query, as Spark has them: not yet computed."""
        return self._session.sql(sql)

    def register_text_function(self, name: str, function: Callable[[str | None], Any]) -> None:
        """A function of a text that executors call, by their own Python."""
        self._session.udf.register(name, function, StringType())

    def view(self, name: str, frame: Any, schema: ibis.Schema) -> ir.Table:
        """A Spark data frame under a name of the session."""
        frame.createOrReplaceTempView(name)
        self._named.add(name)
        return self.named(name, schema)

    def named(self, name: str, schema: ibis.Schema) -> ir.Table:
        """A table of the session as Ibis sees it, its schema known without asking."""
        return ops.DatabaseTable(
            name=name, schema=schema, source=self, namespace=ops.Namespace()
        ).to_expr()

    def keep(self, table: ir.Table) -> ir.Table:
        """The table computed now, its rows kept by the executors until `forget`.

        Spark forgets how they came about: else each query would plan it anew wherever it is named.
        """
        self._run_pre_execute_hooks(table)
        frame = self.query(self.compile(table)).localCheckpoint(eager=True)
        return self.view(f"kept_{next(self._numbers)}", frame, table.schema())

    def drop(self, names: Iterable[str]) -> None:
        """Forget tables by their names; what was kept under them is freed."""
        for name in list(names):
            self._session.catalog.dropTempView(name)
            self._named.discard(name)

    def forget(self) -> None:
        """Drop every name."""
        self.drop(self._named)

    def do_connect(self, *args: Any, **kwargs: Any) -> None:
        super().do_connect(*args, **kwargs)
        self._named: set[str] = set()
        self._numbers = itertools.count()

    def _register_in_memory_table(self, op: ops.InMemoryTable) -> None:
        self.put(op.name, op.data.to_pyarrow(op.schema), op.schema)

    def to_pyarrow(self, expr: ir.Expr, /, **given: Any) -> pa.Table:
        """The rows of an expression, without pandas on their way."""
        table = expr.as_table()
        self._run_pre_execute_hooks(table)
        found = self._session.sql(self.compile(table, **given)).toArrow()
        return expr.__pyarrow_result__(PyArrowData.convert_table(found, table.schema()))


def _address(path: str) -> str:
    """A path of a mounted folder as Spark understands it whatever file system it prefers."""
    return f"file://{path}" if path.startswith("/") else path
