import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import principals, self_ordered, the_other
from alerts.rates import burst_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class IpBurst(Detector):
    key = "ip_burst"
    code = "BEH-01"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    weight = 0.5
    shares = "IP 地址"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.at", "orders.channel",
        "orders.ip", "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
    )  # fmt: skip
    optional = ("retailers.chain_id", "orders.at", "orders.channel")

    title = "同一网址多户订货"
    looks_for = "当日前后脚从同一网址（IP）订货的其他经营者，比这个网址自己历来每天的户数还明显多。"
    why_it_matters = (
        "几家不相干的店忽然从同一处订货，可能有人代订；村里共用出口的网址本来就多户，不在此列。"
    )
    innocent_causes = (
        "移动网络或村级宽带共用出口；同楼同铺共用无线网络；登记在案的培训指导；连锁统一订货。"
    )
    next_steps = (
        "一、按反馈单逐户问清当日店是否开门、谁在哪里订货、要不要这些烟；"
        "二、下一个订货日看这些户是否仍从同一网址订货。"
    )
    deviation = "与另外{:.0f}个经营者同一网址订货"
    measure = "others"

    minutes: int = param(
        45, help="算作前后脚的间隔（含）", unit="分钟", low=1, high=1440, source="本系统回测"
    )
    prior: float = param(
        0.15,
        help="没有历史的网址，每日其他经营者的期望数",
        unit="户",
        low=0.01,
        high=5,
        source="本系统回测",
    )
    decay: float = param(
        0.95, help="历史每过一周的折扣", unit="", low=0.5, high=1, source="本系统回测"
    )
    recent: int = param(
        4, help="最近几周的户数不算历史", unit="周", low=0, high=13, source="本系统回测"
    )
    min_surprise: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        uses = self._uses(facts, on)
        today = uses.filter(_.day == on)
        past = uses.filter(_.day < on - dt.timedelta(weeks=self.recent)).semi_join(today, "ip")
        met = self._met(today).filter(_.near >= 1)
        company = met.select("ip", others="near").distinct()
        counts = company.mutate(key=_.ip.concat("#", _.others.cast("string")))
        history = counts.left_join(self._history(past, on), "ip").drop("ip_right")
        told = burst_surprise(history, self.prior).rename(near="others")
        rows = met.join(told.filter(_.surprise >= self.min_surprise), ["ip", "near"])
        order = [_.surprise.desc(), _.ip]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        return (
            rows.mutate(place=place)
            .filter(_.place == 0)
            .select(
                "bureau",
                "others",
                "near",
                "elsewhere",
                "other",
                "expected",
                "surprise",
                subject_id=_.retailer_id,
                days=ibis.coalesce(_.days, 0),
                link=_.ip,
            )
        )

    def _history(self, past: ir.Table, on: dt.date) -> ir.Table:
        """What each address saw before: others and days, discounted by age; days, how many."""
        daily = past.group_by("ip", "day").agg(others=_.principal.nunique() - 1)
        weeks = -_.day.delta(ibis.date(on), unit="day") / 7.0
        weighed = daily.mutate(weight=(weeks * math.log(self.decay)).exp())
        return weighed.group_by("ip").agg(
            seen=(_.others * _.weight).sum(), weight=_.weight.sum(), days=_.count()
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        history = f"平均{row['expected']:.1f}个" if row["days"] else "没有用过"
        before = f"{self.recent}周以前该网址{history}"
        near = f"{row['near']}个与本户相隔{self.minutes}分钟以内"
        away = f"，外县{row['elsewhere']}个" if row["elsewhere"] else ""
        return f"当日与本户同一网址订货的还有{row['others']}个经营者，{near}{away}；{before}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", ip="link")
        recent = self._uses(facts, on).filter(_.day > on - dt.timedelta(weeks=4))
        shared = recent.join(wanted, ["ip", "bureau"])
        return stacked(rows_of(shared, "orders", "day", "at", "order_id", "retailer_id", "ip"))

    def _uses(self, facts: Facts, on: dt.date) -> ir.Table:
        """Orders of the last half year that a shop sent itself, with whose shop it is."""
        orders = self_ordered(facts.orders).filter(
            _.day > on - dt.timedelta(weeks=26), _.day <= on, _.ip.notnull()
        )
        return orders.join(principals(facts.retailers), "retailer_id")

    def _met(self, today: ir.Table) -> ir.Table:
        """For each shop and address: the other principals there that day, those within minutes
        (all of them where nobody noted the time), and those of other bureaus."""
        theirs = today.select(
            "ip",
            other="principal",
            other_shop="retailer_id",
            other_bureau="bureau",
            other_second=_.at.epoch_seconds(),
        )
        together = today.join(theirs, "ip").filter(_.principal != _.other)
        gap = (_.at.epoch_seconds() - _.other_second).abs()
        return together.group_by("retailer_id", "bureau", "ip").agg(
            others=_.other.nunique(),
            near=_.other.nunique(where=ibis.coalesce(gap, 0) <= self.minutes * 60),
            elsewhere=_.other.nunique(where=_.other_bureau != _.bureau),
            other=the_other(_.other_shop),
        )
