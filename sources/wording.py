"""What codes of the sales system mean. Those without words are shown as they are."""

# Inferred from how two provinces use them; a bureau that means something else says so in its files.
CUSTOMER_STATUS = {"01": "新入网", "02": "正常", "03": "暂停", "04": "已退网"}


def status_title(code: str) -> str:
    """A retailer's status in words, its code behind."""
    title = CUSTOMER_STATUS.get(code)
    return f"{title}（{code}）" if title else code
