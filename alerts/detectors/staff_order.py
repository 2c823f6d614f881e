import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import bursts
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class StaffOrder(Detector):
    """Orders placed, amended or sent by staff.

    A single order sent from a device of staff is not red, though detection.md 4a says that any is:
    in the labelled city 28 of 30 such shops of four months had nothing wrong (docs/benchmarks.md). The
    second within the weeks is. `staff_login`, which sees the same in the log, does as this one.
    """

    key = "staff_order"
    code = "BEH-06"
    family = "INT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel",
        "orders.device_id", "orders.placed_by", "orders.amend_count", "orders.last_amended_by",
        "orders.qty", "orders.bureau", "orders.batch_id", "orders.row_no",
        "staff.staff_id", "staff.role", "staff.device_id",
    )  # fmt: skip
    optional = (
        "orders.channel", "orders.device_id", "orders.placed_by", "orders.amend_count",
        "orders.last_amended_by", "staff.device_id",
    )  # fmt: skip

    title = "内部人员下单或改单"
    looks_for = "订单由内部人员的账号提交，提交后被内部人员修改，或多次从内部人员的设备发出；电话坐席代录不计。"
    why_it_matters = "订货必须由零售户本人作主，内部人员替户订货、改单为各级规定所禁止。"
    innocent_causes = "登记在案的现场培训指导；老年户请客户经理示范一次；电话订货由订单员录入。"
    next_steps = (
        "一、由市局或县局内管直接向持证人核实，不先告知当事人员；"
        "二、调取登录和改单日志，列出该账号、设备近8周经手的全部订单；"
        "三、抄送纪检。"
    )
    deviation = "内部人员下单、改单{:.0f}条"
    measure = "qty"

    device_orders: int = param(
        2,
        help="同一户从员工设备订货达到几次（含）为红色；单次多属现场示范",
        unit="次",
        low=1,
        high=20,
        source="本系统回测",
    )
    weeks: int = param(
        8, help="员工设备次数的统计期", unit="周", low=1, high=26, source="本系统设定"
    )
    amendments: int = param(
        3, help="修改次数达到（含）为橙色", unit="次", low=1, high=20, source="本系统设定"
    )
    surprise: float = param(
        6.0, help="账号下单、改单的罕见程度按", unit="lg", low=1, high=12, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        marked = self._marked(facts, on)
        since = on - dt.timedelta(weeks=self.weeks)
        devices = marked.filter(_.day > since, _.by_device)
        often = devices.group_by("retailer_id").agg(device_orders=_.order_id.nunique())
        orders = marked.mutate(hit=_.by_device, is_new=_.day == on)
        orders = orders.select("bureau", "retailer_id", "day", "order_id", "hit", "is_new")
        chance = bursts(orders, on).select("retailer_id", rarity="surprise")
        today = marked.filter(
            _.day == on,
            _.by_account | _.by_amender | _.by_device | (_.amendments >= self.amendments),
        )
        order = [_.by_account.desc(), _.by_amender.desc(), _.amendments.desc(), _.order_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        worst = today.mutate(place=place).filter(_.place == 0)
        told = (
            worst.left_join(often, "retailer_id")
            .drop("retailer_id_right")
            .left_join(chance, "retailer_id")
            .mutate(device_orders=ibis.coalesce(_.device_orders, 0))
        )
        certain = _.by_account | _.by_amender | (_.device_orders >= self.device_orders)
        return told.mutate(certain=certain).select(
            "order_id",
            "qty",
            "by_account",
            "by_amender",
            "amendments",
            "device_orders",
            "certain",
            subject_id=_.retailer_id,
            staff_id=ibis.coalesce(_.account_of, _.amender_of, _.device_of, ""),
            role=ibis.coalesce(_.account_role, _.amender_role, _.device_role, ""),
            surprise=ibis.ifelse(
                _.certain, self.surprise, ibis.coalesce(_.rarity, self.surprise / 3)
            ),
        )

    def _marked(self, facts: Facts, on: dt.date) -> ir.Table:
        """The half year's orders, and which member of staff placed, amended or sent each.

        What an order clerk enters for a shop that telephones is the service, not a finding.
        """
        orders = facts.orders.filter(_.day > on - dt.timedelta(weeks=26), _.day <= on)
        people = facts.staff.select("staff_id", "role")
        devices = (
            facts.staff.filter(_.device_id.notnull())
            .group_by(device="device_id")
            .agg(device_of=_.staff_id.min(), device_role=_.role.min())
        )
        accounts = people.select(account_of="staff_id", account_role="role")
        amenders = people.select(amender_of="staff_id", amender_role="role")
        by_phone = ibis.coalesce(_.channel, "") == "电话"
        named = (
            orders.left_join(accounts, orders.placed_by == accounts.account_of)
            .left_join(amenders, _.last_amended_by == amenders.amender_of)
            .left_join(devices, _.device_id == devices.device)
        )
        clerk = "订单员"
        return named.select(
            "bureau", "order_id", "retailer_id", "day", "qty",
            "account_of", "account_role", "amender_of", "amender_role", "device_of", "device_role",
            by_account=_.account_of.notnull()
            & ~(by_phone & (ibis.coalesce(_.account_role, "") == clerk)),
            by_amender=_.amender_of.notnull()
            & ~(by_phone & (ibis.coalesce(_.amender_role, "") == clerk)),
            by_device=_.device_of.notnull() & ~by_phone,
            amendments=ibis.coalesce(_.amend_count, 0),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        order = f"当日订单{row['qty'] or 0:.0f}条"
        if row["by_account"]:
            return f"{order}由工作人员的账号提交。"
        if row["by_amender"]:
            times = f"共修改{row['amendments']}次，" if row["amendments"] else ""
            return f"{order}提交后{times}最后由工作人员修改。"
        if row["device_orders"] > 1:
            return f"{order}从工作人员的设备发出，近{self.weeks}周本户共{row['device_orders']}次如此订货。"
        if row["device_orders"]:
            return f"{order}从工作人员的设备发出，近{self.weeks}周仅此一次。"
        return f"{order}提交后修改了{row['amendments']}次。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        since = on - dt.timedelta(weeks=self.weeks)
        recent = facts.orders.filter(_.day > since, _.day <= on)
        own = recent.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        who = ibis.coalesce(_.account_of, _.amender_of, _.device_of)
        people = self._marked(facts, on).select("bureau", "order_id", staff_id=who)
        named = own.join(people, ["bureau", "order_id"])
        columns = ("order_id", "channel", "device_id", "placed_by", "last_amended_by", "qty")
        return stacked(rows_of(named, "orders", "day", *columns, "staff_id"))

    def floor(self, row: Mapping[str, Any]) -> str | None:
        if row["certain"]:
            return "红"
        return "橙" if row["amendments"] >= self.amendments else None

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return bool(row["staff_id"])
