import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import newcomers, principals, self_ordered, with_rarity
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class DevShare(Detector):
    key = "dev_share"
    code = "BEH-02"
    family = "LINK"
    scope = "all"  # a ring does not stop at the county line
    subject = "retailer"
    weight = 0.5
    shares = "订货设备"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel",
        "orders.device_id", "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id", "staff.device_id",
    )  # fmt: skip
    optional = ("retailers.chain_id", "staff.device_id", "orders.channel")

    title = "同一设备多户订货"
    looks_for = "当日订货所用的手机或电脑，近几周新近也替其他经营者的店订过货。"
    why_it_matters = "几家店的订单从同一台设备发出，订货的可能不是各店自己，要看是谁在替谁订。"
    innocent_causes = (
        "亲属邻里互借手机；店面转让、换手机后旧机送人；同一老板多店；电话订货由坐席录入。"
    )
    next_steps = (
        "一、当日电话分别询问各户由谁、用什么设备订货；"
        "二、调取近4周各户的送货签收和扣款账户对照；"
        "三、属亲属共用的，登记豁免及到期日。"
    )
    deviation = "订货设备还为另外{:.0f}个经营者所用"
    measure = "others"

    weeks: int = param(4, help="往前查看", unit="周", low=1, high=8, source="本系统回测")
    min_others: int = param(
        1, help="其他经营者达到", unit="户", low=1, high=50, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        uses = self._uses(facts, on)
        shared = newcomers(uses, on, self.weeks).filter(_.others >= self.min_others)
        return with_rarity(shared, uses.filter(_.day > on - dt.timedelta(weeks=self.weeks))).select(
            "bureau",
            "others",
            "elsewhere",
            "other",
            "surprise",
            subject_id=_.retailer_id,
            link=_.key,
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        return (
            f"近{self.weeks}周内，本户当日所用的订货设备（尾号{row['link'][-4:]}）"
            f"还为另外{row['others']}个经营者的店订过货{away}，9至34周前没有共用记录。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", key="link")
        recent = self._uses(facts, on).filter(_.day > on - dt.timedelta(weeks=self.weeks))
        shared = recent.join(wanted, ["key", "bureau"])
        columns = ("day", "order_id", "retailer_id", "channel", "device_id")
        return stacked(rows_of(shared, "orders", *columns))

    def _uses(self, facts: Facts, on: dt.date) -> ir.Table:
        """Orders up to the day that a shop sent itself, with whose shop it is and the device."""
        since = on - dt.timedelta(weeks=35)
        orders = self_ordered(facts.orders).filter(
            _.day > since, _.day <= on, _.device_id.notnull()
        )
        own = orders.anti_join(facts.staff.filter(_.device_id.notnull()), "device_id")
        return own.join(principals(facts.retailers), "retailer_id").mutate(
            key=_.device_id, is_new=_.day == on
        )
