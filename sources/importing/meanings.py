"""What a bureau's profile may say of a column besides the header that names it.

A retailer's phone is that of the beginning of the file's period, to which changes are added; some
systems export the one of the day of export instead. That meaning is a column of its own to a profile.
"""

PHONE_NOW = "phone_now"
MEANINGS = {
    "retailers": {PHONE_NOW: ("phone", "订货电话（导出当时的号码）")}
}  # kind -> name -> column


def choices(kind: str) -> dict[str, str]:
    """The further choices of a kind: name -> title."""
    return {name: title for name, (_, title) in MEANINGS.get(kind, {}).items()}


def column_of(name: str) -> str:
    """The column that a choice fills."""
    return next((given[name][0] for given in MEANINGS.values() if name in given), name)
