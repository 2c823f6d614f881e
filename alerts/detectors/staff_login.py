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
from alerts.wording import date
from sources.facts import Facts

ACTS = ("提交", "修改", "取消", "改密")
CLERK = "订单员"


@dataclass(frozen=True, kw_only=True)
class StaffLogin(Detector):
    """Acts in the log by accounts of staff, or from their devices.

    As in `staff_order`, a single order sent from a device of staff is not red: in the labelled city
    28 of 30 such shops of four months had nothing wrong (docs/benchmarks.md). The second is.
    """

    key = "staff_login"
    code = "BEH-06"
    family = "INT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "logins.retailer_id", "logins.day", "logins.at", "logins.action", "logins.account",
        "logins.device_id", "logins.order_id", "logins.bureau", "logins.batch_id",
        "logins.row_no", "orders.order_id", "orders.channel", "orders.day", "orders.bureau",
        "staff.staff_id", "staff.role", "staff.device_id",
    )  # fmt: skip
    optional = (
        "logins.at", "logins.account", "logins.device_id", "logins.order_id", "orders.channel",
        "staff.role", "staff.device_id",
    )  # fmt: skip

    title = "网订日志中有内部人员操作"
    looks_for = (
        "上一订货日之后的网订日志里，内部人员的账号或设备替零售户提交、修改、取消订单或改了密码；"
        "订单员代录电话订单不计。"
    )
    why_it_matters = "截单后被改、密码被改，零售户往往不知情，是擅自操作订单的直接痕迹。"
    innocent_causes = (
        "登记在案的现场培训指导；零售户忘记密码请客户经理代为重置；系统以工号记录的自动操作。"
    )
    next_steps = (
        "一、由市局或县局内管直接向持证人核实是否知情，不先告知当事人员；"
        "二、列出该账号、设备近8周在日志中的全部操作；三、抄送纪检。"
    )
    deviation = "内部人员操作{:.0f}次"
    measure = "times"

    device_orders: int = param(
        2,
        help="同一户从员工设备提交订单达到几次（含）为红色；单次多属现场示范",
        unit="次",
        low=1,
        high=20,
        source="本系统回测",
    )
    weeks: int = param(
        8, help="员工设备次数的统计期", unit="周", low=1, high=26, source="本系统设定"
    )
    once: float = param(
        2.0, help="仅一次从员工设备提交的罕见程度按", unit="lg", low=0, high=12, source="本系统回测"
    )
    surprise: float = param(6.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        known = self._acts(facts, on)
        sent = known.filter(_.action == "提交", ~_.by_account).group_by("retailer_id")
        often = sent.agg(sent=_.order_id.nunique() + _.order_id.isnull().cast("int64").sum())
        acts = with_news(known, facts.orders, on).filter(_.is_new)
        counted = acts.group_by("retailer_id").agg(times=_.count())
        order = [_.rank, _.day.desc(), _.batch_id, _.row_no]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        worst = acts.mutate(place=place).filter(_.place == 0)
        told = worst.join(counted, "retailer_id").left_join(often, "retailer_id")
        told = told.drop("retailer_id_right").mutate(device_orders=ibis.coalesce(_.sent, 0))
        by_chance = (_.action == "提交") & ~_.by_account & (_.device_orders < self.device_orders)
        return told.mutate(certain=~by_chance).select(
            "day",
            "action",
            "staff_id",
            "role",
            "by_account",
            "times",
            "device_orders",
            "certain",
            subject_id=_.retailer_id,
            surprise=ibis.ifelse(_.certain, self.surprise, self.once),
        )

    def _acts(self, facts: Facts, on: dt.date) -> ir.Table:
        """What staff did in shops' names, with who did it; amending ranks before submitting."""
        since = on - dt.timedelta(weeks=self.weeks)
        logs = facts.logins.filter(_.day > since, _.day <= on, _.action.isin(list(ACTS)))
        people = facts.staff.select(account_of="staff_id", account_role="role")
        devices = (
            facts.staff.filter(_.device_id.notnull())
            .group_by(device="device_id")
            .agg(device_of=_.staff_id.min(), device_role=_.role.min())
        )
        orders = facts.orders.filter(_.day <= on).select("order_id", "channel")
        named = (
            logs.left_join(people, logs.account == people.account_of)
            .left_join(devices, _.device_id == devices.device)
            .left_join(orders, "order_id")
        )
        role = ibis.coalesce(_.account_role, _.device_role, "内部人员")
        by_phone = (ibis.coalesce(_.channel, "") == "电话") & (role == CLERK)
        acts = named.filter(_.account_of.notnull() | _.device_of.notnull()).filter(~by_phone)
        rank = _.action.cases(("修改", 0), ("取消", 1), ("改密", 2), else_=3)
        return acts.select(
            "bureau", "retailer_id", "day", "at", "action", "order_id", "batch_id", "row_no",
            staff_id=ibis.coalesce(_.account_of, _.device_of), role=role, rank=rank,
            by_account=_.account_of.notnull(),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        what = "改了订货密码" if row["action"] == "改密" else f"{row['action']}了订单"
        way = "账号" if row["by_account"] else "设备"
        more = f"，同期共{row['times']}次操作" if row["times"] > 1 else ""
        if row["action"] == "提交" and row.get("device_orders", 0) > 1:
            more += f"，近{self.weeks}周从这类设备共提交{row['device_orders']}单"
        return f"{date(row['day'])}网订日志：工作人员的{way}替本户{what}{more}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        mine = self._acts(facts, on).join(wanted, "retailer_id")
        return stacked(rows_of(mine, "logins", "day", "at", "action", "staff_id"))

    def floor(self, row: Mapping[str, Any]) -> str | None:
        return "红" if row["action"] in {"提交", "修改"} and row.get("certain", True) else None

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True
