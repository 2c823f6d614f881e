import pytest

from tests.sources.exports import RETAILERS, bring, fact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("header", ["自营店", "是否自营", "is_own_store"])
def test_a_register_may_tell_the_companys_own_shops(header):
    title, *shops = RETAILERS.splitlines()
    words = ("是", "否")
    lines = [f"{shop},{word}" for shop, word in zip(shops, words, strict=True)]
    bring("零售客户档案.csv", "\n".join([f"{title},{header}", *lines]) + "\n")

    assert fact("retailers", "own_store") == {"451423100001": True, "451423100002": False}
