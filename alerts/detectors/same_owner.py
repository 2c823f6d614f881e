import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import PER_OTHER
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class SameOwner(Detector):
    key = "same_owner"
    code = "CUS-04"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    shares = "持证人证件"
    weight = -1.0
    inputs = (
        "orders.retailer_id", "orders.day", "orders.order_id", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
        "retailers.open_date", "retailers.bureau", "retailers.batch_id", "retailers.row_no",
    )  # fmt: skip
    optional = ("retailers.chain_id", "retailers.open_date")

    title = "同一证件名下有多户"
    looks_for = "登记的证件号码与其他零售户相同而不属连锁的店；每月首次订货时列一次。"
    why_it_matters = "一人名下多个证，可能是为多占紧俏货源而办的空壳店。"
    innocent_causes = "同一老板依法开办几家店；搬迁、换号后旧客户编码未注销；证件号码录入错误。"
    next_steps = (
        "一、核对各户许可证，看是否一址一证、各有实际店面；"
        "二、抽查各店是否都在营业、由谁看店，空壳的转许可证岗处理。"
    )
    deviation = "同一证件名下另有{:.0f}户"
    measure = "others"

    others: int = param(
        1, help="同一证件的其他户达到（含）", unit="户", low=1, high=50, source="本系统设定"
    )
    new: int = param(
        91, help="开户不到多少天算新增", unit="天", low=7, high=366, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        known = _independent(facts)
        sizes = known.group_by("owner_id").agg(
            shops=_.retailer_id.nunique(),
            newest=_.open_date.max(),
            one=_.retailer_id.min(),
            two=_.retailer_id.max(),
        )
        home = known.group_by("owner_id", "bureau").agg(here=_.retailer_id.nunique())
        several = sizes.filter(_.shops > self.others)
        shared = known.join(several, "owner_id").join(home, ["owner_id", "bureau"])
        size = facts.retailers.agg(size=_.retailer_id.nunique())
        met = shared.agg(met=_.retailer_id.nunique())
        rare = shared.cross_join(size).cross_join(met)
        rarity = -((_.met + 1) / (_.size + 1)).log10().clip(upper=0.0)
        new = -_.newest.delta(ibis.date(on), unit="day") < self.new
        return rare.semi_join(self._due(facts, on), "retailer_id").select(
            "bureau",
            subject_id=_.retailer_id,
            others=_.shops - 1,
            other=ibis.ifelse(
                _.shops == 2, ibis.ifelse(_.retailer_id == _.one, _.two, _.one), ibis.null("string")
            ),
            elsewhere=_.shops - _.here,
            is_new=ibis.coalesce(new, False),
            surprise=ibis.least(rarity + (_.shops - 2) * PER_OTHER, 8.0),
            link=_.owner_id,
        )

    def _due(self, facts: Facts, on: dt.date) -> ir.Table:
        """Shops that ordered today, for the first time this month."""
        month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        first = month.group_by("retailer_id").agg(first=_.day.min())
        return first.filter(_["first"] == on)

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        new = f"，其中有开户不到{self.new}天的" if row["is_new"] else ""
        return f"本户登记的证件号码与另外{row['others']}户相同{away}{new}，且不属连锁。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", owner_id="link")
        sharers = _independent(facts).join(wanted, ["owner_id", "bureau"])
        today = facts.orders.filter(_.day == on)
        mine = today.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(
            rows_of(sharers, "retailers", "retailer_id", "open_date"),
            rows_of(mine, "orders", "day", "order_id", "retailer_id"),
        )


def _independent(facts: Facts) -> ir.Table:
    """Retailers of no chain whose owner is known."""
    chain = ibis.coalesce(_.chain_id, "")
    return facts.retailers.filter(_.owner_id.nullif("").notnull(), chain == "")
