import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts

RURAL = ("X", "乡村", "农村", "乡", "023", "024")
HALF_YEAR = 26


@dataclass(frozen=True, kw_only=True)
class RemoteTop(Detector):
    key = "remote_top"
    code = "STR-04"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.retailer_id", "orders.day", "orders.tier", "orders.bureau",
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.wholesale_price",
        "retailers.retailer_id", "retailers.market_type", "retailers.order_cycle_weeks",
    )  # fmt: skip
    optional = ("retailers.market_type", "retailers.order_cycle_weeks")

    title = "偏远低档户订高端烟"
    looks_for = "乡村户或档位在本县后三分之一的户，一次订了几条高端烟，而此前多个周期从未订过。"
    why_it_matters = "小店附近少有人抽的高端烟突然到货，多半另有去处，两三天内就会离店。"
    innocent_causes = "自家或邻里婚丧宴席；节日走亲访友送礼；替熟客代购一次；单位在村里办活动。"
    next_steps = (
        "一、送货后两日内到店看高端烟是否还在、卖给了谁；"
        "二、核对提交订单的设备、电话与付款人是否为本户；"
        "三、有宴席的请当事人说明，记录在案。"
    )
    deviation = "高端烟{:.0f}条"
    measure = "top"

    price: float = param(
        600, help="批发价达到（含）算高端", unit="元/条", low=100, high=5000,
        source="domain STR-04",
    )  # fmt: skip
    cartons: float = param(
        3, help="本次高端烟达到（含）", unit="条", low=1, high=100, source="domain STR-04"
    )
    cycles: int = param(
        12, help="此前未订高端烟达到", unit="个周期", low=3, high=52, source="domain STR-04"
    )
    lowest: float = param(
        0.33, help="档位在本县最低的这个比例内算低档", unit="比例", low=0.05, high=1,
        source="domain STR-04",
    )  # fmt: skip

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, top (cartons), weeks (that it knew none), rural, tier."""
        shops = self._remote(facts, on)
        days = self._fresh(facts, on).join(shops, "retailer_id")
        span = ibis.coalesce(_.cycle, 1) * 7 * self.cycles
        days = days.filter(
            _.gap > span, _.day.delta(_.first, unit="day") > span, _.top >= self.cartons
        )
        past = days.filter(_.day < on).group_by("bureau").agg(times=_.count())
        whole = shops.group_by("bureau").agg(orders=_.orders.sum())
        rates = whole.left_join(past, "bureau").select(
            "bureau",
            surprise=-((ibis.coalesce(_.times, 0) + 1) / (_.orders + 1)).log10(),
        )
        return (
            days.filter(_.day == on)
            .join(rates, "bureau")
            .select(
                "surprise", "top", "rural", "tier",
                subject_id=_.retailer_id, weeks=ibis.least(_.gap, _.day.delta(_.first, unit="day")) // 7,
            )
        )  # fmt: skip

    def _remote(self, facts: Facts, on: dt.date) -> ir.Table:
        """Rural shops and those of the lowest tiers: first (order), orders (half a year), cycle."""
        known = facts.orders.filter(_.day > on - dt.timedelta(weeks=78), _.day <= on)
        shops = known.group_by("bureau", "retailer_id").agg(
            first=_.day.min(),
            tier=_.tier.argmax(_.day),
            orders=_.count(where=_.day > on - dt.timedelta(weeks=HALF_YEAR)),
        )
        register = facts.retailers.select(
            "retailer_id",
            rural=ibis.coalesce(_.market_type.isin(RURAL), False),
            cycle=_.order_cycle_weeks.clip(1, 4),
        )
        shops = shops.join(register, "retailer_id").select(*shops.columns, "rural", "cycle")
        low = shops.group_by("bureau").agg(low=_.tier.quantile(self.lowest))
        joined = shops.join(low, "bureau")
        low_or_rural = _.rural | ibis.coalesce(_.tier <= _.low, False)
        return joined.filter(low_or_rural).select(*shops.columns)

    def _fresh(self, facts: Facts, on: dt.date) -> ir.Table:
        """retailer_id, day, top and gap (days since the top before) of half a year's top goods."""
        dear = facts.skus.filter(_.wholesale_price >= self.price * 100).select("sku_id").distinct()
        lines = facts.lines.filter(_.day > on - dt.timedelta(weeks=78), _.day <= on, _.qty > 0)
        days = lines.semi_join(dear, "sku_id").group_by("retailer_id", "day").agg(top=_.qty.sum())
        shop = ibis.window(group_by="retailer_id", order_by="day")
        gap = _.day.delta(_.day.lag().over(shop), unit="day")
        days = days.mutate(gap=ibis.coalesce(gap, 9999))
        return days.filter(_.day > on - dt.timedelta(weeks=HALF_YEAR))

    def sentence(self, row: Mapping[str, Any]) -> str:
        where = "乡村户" if row["rural"] else "低档位户"
        tier = "" if row["tier"] is None else f"（{row['tier']}档）"
        return (
            f"{where}{tier}本次订每条{self.price:.0f}元以上的高端烟{row['top']:.0f}条，"
            f"此前至少{row['weeks']}周没有订过。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        today = facts.lines.filter(_.day == on)
        mine = today.join(found.select("subject_id"), today.retailer_id == found.subject_id)
        return stacked(rows_of(mine, "lines", "day", "order_id", "sku_id", "qty"))
