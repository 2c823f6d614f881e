import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PriceInverted(Detector):
    key = "price_inverted"
    code = "CASE-06"
    family = "CASE"
    scope = "all"
    subject = "sku"
    inputs = (
        "market_prices.day", "market_prices.sku_id", "market_prices.price", "market_prices.town",
        "market_prices.bureau", "market_prices.batch_id", "market_prices.row_no", "skus.sku_id",
        "skus.sku_name", "skus.wholesale_price", "orders.day",
    )  # fmt: skip
    optional = ("market_prices.town", "skus.sku_name")

    title = "市场价低于批发价"
    looks_for = "某个规格近四周在市场上采到的价格有几次明显低于批发价。"
    why_it_matters = "倒挂的规格卖得越多亏得越多，仍大量订购的户往往把货倒往别处。"
    innocent_causes = "采价时正逢促销、临期或换包装；价格按包录成了按条；提价前囤货抛出。"
    next_steps = (
        "一、复核采价样本，分清按条还是按包；"
        "二、属实的列为重点关注品规，查近四周该规格突增的零售户。"
    )
    deviation = "最低市场价比批发价低{:.0%}"

    days: int = param(28, help="采价期", unit="天", low=7, high=180, source="本系统设定")
    below: float = param(
        0.98, help="低于批发价的", unit="倍", low=0.5, high=1, source="domain §4.7（设计）"
    )
    samples: int = param(
        3, help="样本达到（含）", unit="个", low=1, high=100, source="domain §4.7（设计）"
    )
    rarity: float = param(
        3.0, help="倒挂的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a product below the line in enough samples, one of them news to this night."""
        low = with_news(self._low(facts, on), facts.orders, on, by=None)
        sums = low.group_by("sku_id", "sku_name", "wholesale_price").agg(
            samples=_.count(), price=_.price.min(), middle=_.price.median(), is_new=_.is_new.any()
        )
        return sums.filter(_.is_new, _.samples >= self.samples).select(
            "samples", "price", "wholesale_price", subject_id=_.sku_id,
            name=ibis.coalesce(_.sku_name, _.sku_id), middle=_.middle.cast("float64"),
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(1 - row["price"] / row["wholesale_price"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"{row['name'][:30]}近{self.days}天有{row['samples']}个市场价低于批发价，"
            f"中间价每条{row['middle'] / 100:.2f}元、最低{row['price'] / 100:.2f}元，"
            f"批发价{row['wholesale_price'] / 100:.2f}元。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        low = self._low(facts, on).join(found.select("subject_id", sku_id="subject_id"), "sku_id")
        return stacked(rows_of(low, "market_prices", "day", "sku_id", "price", "town"))

    def _low(self, facts: Facts, on: dt.date) -> ir.Table:
        """The samples of the window below the line."""
        recent = facts.market_prices.filter(_.day > on - dt.timedelta(days=self.days), _.day <= on)
        known = facts.skus.filter(_.wholesale_price > 0)
        priced = recent.join(known.select("sku_id", "sku_name", "wholesale_price"), "sku_id")
        return priced.filter(_.price > 0, _.price < _.wholesale_price * self.below)
