import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.approvals import with_approval
from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class TierChange(Detector):
    key = "tier_change"
    code = "CUS-05"
    family = "TIER"
    scope = "bureau"
    subject = "retailer"
    weight = -0.5
    inputs = (
        "changes.retailer_id", "changes.day", "changes.field", "changes.old_value",
        "changes.new_value", "changes.operator", "changes.approver", "changes.bureau",
        "changes.batch_id", "changes.row_no", "orders.day", "orders.bureau",
        "retailers.retailer_id", "retailers.bureau", "staff.staff_id", "staff.name", "staff.role",
    )  # fmt: skip
    optional = (
        "changes.operator", "changes.approver", "staff.staff_id", "staff.name", "staff.role",
    )  # fmt: skip

    title = "档位变更幅度异常或无审批"
    looks_for = (
        "上一订货日之后的档位变更：一次变动五档以上，不在全县统一评档的日子变动三档以上，"
        "90天内的起伏超出全县四分位范围，或别户都有审批人而这一次没有。"
    )
    why_it_matters = "档位定了货源，不按评价周期、没有审批的调档可能是人为照顾或调剂。"
    innocent_causes = "按规定的季度评档；扩店、搬迁后重新评定；更正录错的档位；审批单补录在后。"
    next_steps = (
        "一、三日内调取变更申请、评档依据和审批单，看操作人与审批人是否同一人；"
        "二、一周内列出同一操作人近90天经手的全部档位变更。"
    )
    deviation = "档位变动{:.0f}档"

    step: int = param(5, help="一次变动达到（含）", unit="档", low=1, high=30, source="本系统设定")
    days: int = param(
        90, help="统计多少天内的起伏", unit="天", low=7, high=365, source="domain：90天四分位"
    )
    fence: float = param(
        1.5, help="上四分位数加几倍四分位距算超出", unit="倍", low=0, high=5, source="四分位规则"
    )
    least: int = param(3, help="起伏至少达到（含）", unit="档", low=1, high=30, source="本系统设定")
    cycle: float = param(
        0.02,
        help="当日变更的户数达到全县的（含）算统一评档",
        unit="比例",
        low=0.001,
        high=0.5,
        source="本系统设定",
    )
    unapproved: float = param(
        1.0, help="没有审批人的加", unit="lg", low=0, high=3, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        changes = self._changes(facts, on)
        spans = changes.group_by("bureau", "retailer_id").agg(
            span=ibis.greatest(_.old.max(), _.new.max()) - ibis.least(_.old.min(), _.new.min()),
            times=_.count(),
        )
        shops = facts.retailers.select("bureau", "retailer_id").left_join(
            spans, ["bureau", "retailer_id"]
        )
        shops = shops.mutate(span=ibis.coalesce(_.span, 0)).drop(
            "bureau_right", "retailer_id_right"
        )
        usual = shops.group_by("bureau").agg(
            size=_.count(), low=_.span.quantile(0.25), high=_.span.quantile(0.75)
        )
        rank = ibis.cume_dist().over(group_by="bureau", order_by=_.span.desc())
        size = _.count().over(group_by="bureau")
        ranked = shops.mutate(as_wide=rank * size).join(usual, "bureau").drop("bureau")
        newest = [_.step.abs().desc(), _.day.desc(), _.new]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        fresh = changes.filter(_.is_new).mutate(place=place).filter(_.place == 0)
        told = fresh.join(ranked, "retailer_id").mutate(
            wide=(_.span > _.high + self.fence * (_.high - _.low)) & (_.span >= self.least),
            far=_.step.abs() >= self.step,
        )
        told = told.mutate(alone=(_.together < _.size * self.cycle) & (_.step.abs() >= self.least))
        more = ibis.ifelse(_.bare, self.unapproved, 0.0)
        return told.filter(_.wide | _.far | _.bare | _.alone).select(
            "day", "old", "new", "span", "times", "wide", "far", "alone", "bare", "by_manager",
            subject_id=_.retailer_id,
            surprise=((_.size + 1) / (_.as_wide + 1)).log10() + more,
        )  # fmt: skip

    def _changes(self, facts: Facts, on: dt.date) -> ir.Table:
        """Changes of the tier within the days that count: old, new, step, whether nobody else
        approved (bare; only where the bureau notes approvers), and whether a manager did it."""
        since = on - dt.timedelta(days=self.days)
        tiers = facts.changes.filter(_.field == "tier", _.day > since, _.day <= on).mutate(
            old=_.old_value.try_cast("int64"), new=_.new_value.try_cast("int64")
        )
        tiers = tiers.filter(_.old.notnull(), _.new.notnull(), _.old != _.new)
        daily = tiers.group_by("bureau", "day").agg(together=_.retailer_id.nunique())
        judged = tiers.join(daily, ["bureau", "day"]).mutate(step=_.new - _.old)
        marked = with_approval(judged, facts.staff)
        return with_news(marked, facts.orders, on)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(abs(row["new"] - row["old"]), row["span"]))

    def sentence(self, row: Mapping[str, Any]) -> str:
        way = "升" if row["new"] > row["old"] else "降"
        step = abs(row["new"] - row["old"])
        text = f"{date(row['day'])}档位由{row['old']}档{way}到{row['new']}档，变动{step}档"
        if row["wide"]:
            text += f"；{self.days}天内变更{row['times']}次、起伏{row['span']}档，超出全县通常范围"
        if row["alone"]:
            text += "；当日全县没有统一评档"
        return text + ("；没有他人审批的记录。" if row["bare"] else "。")

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        mine = self._changes(facts, on).join(
            found.select("subject_id", retailer_id="subject_id"), "retailer_id"
        )
        columns = ("day", "field", "old_value", "new_value", "operator", "approver")
        return stacked(rows_of(mine, "changes", *columns))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return bool(row["by_manager"] and row["bare"])
