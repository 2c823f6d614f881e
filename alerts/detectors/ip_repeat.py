import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import ESTABLISHED, principals, self_ordered, the_other, with_rarity
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class IpRepeat(Detector):
    key = "ip_repeat"
    code = "BEH-01"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "IP 地址"
    weight = -0.5
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel", "orders.ip",
        "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
    )  # fmt: skip
    optional = ("orders.channel", "retailers.chain_id")

    title = "连续几周与他户同一网址订货"
    looks_for = (
        "近四周内有两周以上，与同样的其他经营者在同一天从同一网址（IP）订货，而更早以前没有。"
    )
    why_it_matters = "偶尔碰到同一网址不足为奇，每周都碰到同样几户，可能由同一人在一处订货。"
    innocent_causes = "邻近店铺共用无线网络；移动网络出口固定；亲属帮忙一起订；连锁统一订货。"
    next_steps = (
        "一、看这些户的设备、提交先后和订单内容是否相近；"
        "二、按反馈单逐户问清谁在哪里订货，下一订货日再看一次。"
    )
    deviation = "连续几周与另外{:.0f}个经营者同一网址订货"
    measure = "others"

    weeks: int = param(4, help="往前查看", unit="周", low=2, high=9, source="本系统回测")
    least: int = param(
        2, help="碰到同一经营者达到（含）", unit="周", low=2, high=9, source="本系统回测"
    )
    crowd: int = param(
        30,
        help="当日经营者超过此数的网址算公共出口",
        unit="个",
        low=2,
        high=1000,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        uses = self._uses(facts, on)
        recent = uses.filter(_.day > on - dt.timedelta(weeks=self.weeks))
        mine = recent.semi_join(recent.filter(_.day == on), ["retailer_id", "ip"])
        theirs = recent.select(
            "ip", "day", other="principal", other_shop="retailer_id", other_bureau="bureau"
        )
        pairs = mine.join(theirs, ["ip", "day"]).filter(_.principal != _.other)
        week = -_.day.delta(on, unit="day") // 7
        met = pairs.group_by("bureau", "retailer_id", "principal", "ip", "other").agg(
            weeks=week.nunique(),
            is_new=(_.day == on).any(),
            shop=ibis.coalesce(the_other(_.other_shop), ""),
            away=_.other_shop.nunique(where=_.other_bureau != _.bureau),
        )
        again = met.filter(_.is_new, _.weeks >= self.least).anti_join(
            self._known(facts, on), ["principal", "ip", "other"]
        )
        counted = again.group_by("bureau", "retailer_id", "ip").agg(
            others=_.other.nunique(),
            weeks=_.weeks.max(),
            elsewhere=_.away.sum(),
            other=_["shop"].max(),
        )
        shops = counted.group_by("bureau", "retailer_id").agg(
            link=_.ip.argmax(_.others * 100 + _.weeks),
            weeks=_.weeks.argmax(_.others * 100 + _.weeks),
            elsewhere=_.elsewhere.argmax(_.others * 100 + _.weeks),
            other=_.other.argmax(_.others * 100 + _.weeks),
            others=_.others.max(),
        )
        return with_rarity(shops, uses.filter(_.day == on)).select(
            "bureau", "others", "weeks", "elsewhere", "other", "surprise", "link",
            subject_id=_.retailer_id,
        )  # fmt: skip

    def _uses(self, facts: Facts, on: dt.date) -> ir.Table:
        """What shops sent themselves in these weeks, crowded addresses left out."""
        orders = self_ordered(facts.orders).filter(
            _.day > on - dt.timedelta(weeks=self.weeks), _.day <= on, _.ip.notnull()
        )
        whose = orders.join(principals(facts.retailers), "retailer_id")
        daily = whose.group_by("ip", "day").agg(principals=_.principal.nunique())
        crowded = daily.filter(_.principals > self.crowd).select("ip").distinct()
        return whose.anti_join(crowded, "ip")

    def _known(self, facts: Facts, on: dt.date) -> ir.Table:
        """principal, ip, other: those who used an address, both, long before already."""
        oldest, youngest = (on - age for age in ESTABLISHED)
        before = self_ordered(facts.orders).filter(
            _.day >= oldest, _.day <= youngest, _.ip.notnull()
        )
        today = facts.orders.filter(_.day == on, _.ip.notnull())
        uses = before.semi_join(today, "ip").join(principals(facts.retailers), "retailer_id")
        used = uses.select("principal", "ip").distinct()
        return used.join(used.select("ip", other="principal"), "ip")

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"，其中外县{row['elsewhere']}户" if row["elsewhere"] else ""
        return (
            f"近{self.weeks}周有{row['weeks']}周，本户与另外{row['others']}个经营者在同一天"
            f"从同一网址订货{away}，9至34周前没有共用记录。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", ip="link")
        shared = self._uses(facts, on).join(wanted, ["ip", "bureau"])
        return stacked(rows_of(shared, "orders", "day", "order_id", "retailer_id", "ip"))
