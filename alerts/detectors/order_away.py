import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import self_ordered
from alerts.rates import bursts
from sources.facts import Facts

LAST = 26


@dataclass(frozen=True, kw_only=True)
class OrderAway(Detector):
    key = "order_away"
    code = "BEH-05"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "外地订货网址"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel", "orders.ip",
        "orders.ip_city", "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = ("orders.channel", "orders.ip")

    title = "从外地网址订货"
    looks_for = (
        "最近连续几次订货的网址归属地不在本县零售户通常订货的城市，且比一般户多；电话订货不计。"
    )
    why_it_matters = "人在外地而店在本地订货，可能由外地的人掌握订货账号。"
    innocent_causes = "经营者外出探亲、看病；手机号是外地号段，网络出口在外地；网址归属库不准。"
    next_steps = (
        "一、电话询问经营者近几次在哪里、由谁订货；"
        "二、仍从外地订货的，下一送货日到店看谁在经营、谁来签收。"
    )
    deviation = "近几单{:.0%}从外地网址订货"

    cycles: int = param(
        2, help="连续从外地订货达到（含）", unit="次", low=1, high=8, source="本系统设定"
    )
    home_share: float = param(
        0.05,
        help="本县订单中占到（含）的归属地算本地",
        unit="比例",
        low=0.001,
        high=0.5,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """A row a shop whose last orders, today's among them, all came from away."""
        events = self._events(facts, on)
        told = bursts(events.drop("city", "ip"), on)
        newest = [_.day.desc(), _.order_id.desc()]
        mine = events.mutate(place=ibis.row_number().over(group_by="retailer_id", order_by=newest))
        broken = mine.filter(~_.hit).group_by("retailer_id").agg(streak=_.place.min())
        last = mine.filter(_.place == 0, _.is_new, _.hit)
        size = mine.group_by("retailer_id").agg(size=_.count())
        away = (
            last.select("bureau", "retailer_id", "city", "ip")
            .join(size, "retailer_id")
            .left_join(broken, "retailer_id")
            .drop("retailer_id_right")
            .mutate(streak=ibis.coalesce(_.streak, _.size))
        )
        return (
            away.filter(_.streak >= self.cycles)
            .join(told, "retailer_id")
            .select(
                "bureau",
                "city",
                "streak",
                "trials",
                "count",
                "rate",
                "surprise",
                subject_id=_.retailer_id,
                link=ibis.coalesce(_.ip, _.retailer_id),
            )
        )

    def _events(self, facts: Facts, on: dt.date) -> ir.Table:
        """Orders of the half year whose address's city is known; hit where it is none of the
        cities from which the bureau's shops usually order."""
        since = on - dt.timedelta(weeks=LAST)
        orders = self_ordered(facts.orders).filter(_.day > since, _.day <= on, _.ip_city.notnull())
        cities = orders.group_by("bureau", "ip_city").agg(orders=_.count())
        whole = orders.group_by("bureau").agg(all=_.count())
        home = (
            cities.join(whole, "bureau")
            .filter(_.orders >= _["all"] * self.home_share)
            .select("bureau", "ip_city")
            .mutate(at_home=True)
        )
        known = orders.left_join(home, ["bureau", "ip_city"])
        return known.select(
            "bureau", "retailer_id", "day", "order_id", "ip", city="ip_city",
            hit=_.at_home.isnull(), is_new=_.day == on,
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"当日订货网址归属{row['city']}，不在本县常见的订货地；最近连续{row['streak']}次如此，"
            f"近{row['trials']}单有{row['count']}单，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        wanted = found.select("subject_id", "bureau", retailer_id="subject_id")
        mine = recent.join(wanted, ["retailer_id", "bureau"])
        return stacked(rows_of(mine, "orders", "day", "order_id", "ip", "ip_city"), most=20)
