"""Copied cells as people read them."""

from typing import Any

MONEY = {"amount", "paid_amount", "price", "wholesale_price", "retail_price"}  # in fen


def cell(column: str, value: Any) -> Any:
    """A cell as people read it: fen as yuan, whole cartons without decimals."""
    if value is None or isinstance(value, str):
        return value.replace("T", " ") if value and column.endswith("at") else value
    if isinstance(value, bool):
        return "是" if value else "否"
    if column in MONEY:
        return f"{value / 100:.2f}"
    return f"{value:g}" if isinstance(value, float) else value
