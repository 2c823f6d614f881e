import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import ESTABLISHED, principals, self_ordered, with_rarity
from sources.facts import Facts

WHAT = {"device_id": "设备", "placed_by": "操作账号", "ip": "网址"}


@dataclass(frozen=True, kw_only=True)
class RapidOrders(Detector):
    key = "rapid_orders"
    code = "BEH-04"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "同一来源的连续提交"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.at", "orders.channel",
        "orders.device_id", "orders.placed_by", "orders.ip", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
        "staff.staff_id", "staff.device_id",
    )  # fmt: skip
    optional = (
        "orders.channel", "orders.device_id", "orders.placed_by", "orders.ip",
        "retailers.chain_id", "staff.staff_id", "staff.device_id",
    )  # fmt: skip

    title = "几户订单接连提交"
    looks_for = "当日从同一设备、操作账号或网址，几户的订单一单紧接一单地提交；电话订货不计。"
    why_it_matters = "各店自己订货不会这样首尾相接，可能由一人替几户批量填单。"
    innocent_causes = (
        "连锁统一订货；登记在案的现场培训指导；开始订货的钟点大家同时提交，又共用出口网址。"
    )
    next_steps = (
        "一、调取这一串订单的登录日志，看设备和账号归谁；"
        "二、当周电话分别询问各户订单由谁、在哪里提交，抽两户到店核实。"
    )
    deviation = "与另外{:.0f}个经营者接连提交订单"
    measure = "others"

    orders: int = param(
        3, help="接连提交的订单达到（含）", unit="单", low=2, high=50, source="本系统设定"
    )
    seconds: int = param(
        90, help="相邻两单间隔不到", unit="秒", low=1, high=3600, source="本系统设定"
    )
    owners: int = param(
        2, help="涉及的经营者达到（含）", unit="个", low=2, high=50, source="本系统设定"
    )
    usual: int = param(
        2,
        help="9至34周前多个经营者同日用过的天数达到（含），即为惯常共用",
        unit="天",
        low=1,
        high=100,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        runs = self._runs(facts, on)
        key = ["what", "key", "run"]
        sizes = runs.group_by(key).agg(
            orders=_.order_id.nunique(),
            owners=_.principal.nunique(),
            begun=_.at.min(),
            ended=_.at.max(),
        )
        long = sizes.filter(_.orders >= self.orders, _.owners >= self.owners)
        members = runs.join(long, key).mutate(others=_.owners - 1)
        home = members.group_by(*key, "bureau").agg(here=_.order_id.nunique())
        told = members.join(home, [*key, "bureau"])
        order = [_.orders.desc(), _.what, _.key]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        one = told.mutate(place=place).filter(_.place == 0)
        rare = with_rarity(one, facts.orders.filter(_.day == on))
        own = ibis.union(
            facts.staff.select(key="staff_id"), facts.staff.select(key="device_id"), distinct=True
        )
        named = rare.left_join(own.filter(_.key.notnull()).mutate(by_staff=True), "key")
        return named.select(
            "bureau",
            "what",
            "orders",
            "others",
            "begun",
            "surprise",
            subject_id=_.retailer_id,
            elsewhere=_.orders - _.here,
            seconds=_.ended.epoch_seconds() - _.begun.epoch_seconds(),
            by_staff=ibis.coalesce(_.by_staff, False),
            link=_.key,
        )

    def _runs(self, facts: Facts, on: dt.date) -> ir.Table:
        """The day's orders by what they came from, numbered by uninterrupted run."""
        known = principals(facts.retailers)
        orders = self_ordered(facts.orders).filter(
            _.day >= on - ESTABLISHED[0], _.day <= on, _.at.notnull()
        )
        whose = orders.join(known, "retailer_id").select(*orders.columns, "principal")
        columns = ("bureau", "retailer_id", "principal", "order_id", "day", "at")
        parts = [
            whose.select(*columns, "batch_id", "row_no", what=ibis.literal(what), key=_[what])
            for what in WHAT
        ]
        uses = ibis.union(*parts).filter(_.key.notnull())
        today = uses.filter(_.day == on)
        daily = uses.filter(_.day <= on - ESTABLISHED[1]).group_by("what", "key", "day")
        shared = daily.agg(owners=_.principal.nunique()).filter(_.owners >= self.owners)
        usual = shared.group_by("what", "key").agg(days=_.count()).filter(_.days >= self.usual)
        fresh = today.anti_join(usual, ["what", "key"])
        source = {"group_by": ["what", "key"], "order_by": ["at", "order_id"]}
        gap = _.at.epoch_seconds() - _.at.lag().over(**source).epoch_seconds()
        cut = fresh.mutate(first=(ibis.coalesce(gap, self.seconds) >= self.seconds).cast("int64"))
        so_far = ibis.window(**source, preceding=None, following=0)
        return cut.mutate(run=_["first"].sum().over(so_far)).drop("first")

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"，其中外县{row['elsewhere']}单" if row["elsewhere"] else ""
        return (
            f"当日{row['begun']:%H:%M}起，同一{WHAT[row['what']]}在{row['seconds']}秒内接连提交"
            f"{row['orders']}单{away}，除本户外还有{row['others']}个经营者，相邻两单不到{self.seconds}秒。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", "what", "begun", "seconds", key="link")
        runs = self._runs(facts, on).join(wanted, ["what", "key", "bureau"])
        since = _.at.epoch_seconds() - _.begun.epoch_seconds()
        mine = runs.filter(since >= 0, since <= _.seconds)
        return stacked(rows_of(mine, "orders", "day", "at", "order_id", "retailer_id"))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return bool(row["by_staff"])
