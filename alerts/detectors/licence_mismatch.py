import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.licensing import held
from alerts.texts import plain_address, plain_name
from alerts.wording import person
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class LicenceMismatch(Detector):
    """Persons and places of the two systems. Shop names and telephones are not compared: no import
    of licences brings them."""

    key = "licence_mismatch"
    code = "LIC-04"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    statutory = True
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "retailers.retailer_id", "retailers.licence_no",
        "retailers.licensee", "retailers.address", "retailers.bureau", "retailers.batch_id", "retailers.row_no",
        "licences.licence_no", "licences.retailer_id", "licences.valid_from", "licences.holder",
        "licences.address",
        "licences.bureau", "licences.batch_id", "licences.row_no",
    )  # fmt: skip
    optional = (
        "retailers.licence_no", "retailers.licensee", "retailers.address",
        "licences.retailer_id", "licences.valid_from", "licences.holder", "licences.address",
    )  # fmt: skip

    title = "营销供货户与专卖许可证户不符"
    looks_for = "当日订货的零售户在许可证系统中查不到，或两个系统登记的负责人、经营地址不一致。"
    why_it_matters = (
        "供货户与持证户对不上，货就可能供给了无证户或换了人的店，是国家局规定的信息异常。"
    )
    innocent_causes = "延续、变更后换号未同步；负责人变更正在办理；两边录入的姓名用字不同。"
    next_steps = (
        "一、当日把名单送专卖核对证号、负责人和地址；"
        "二、属实无证的，当日通知营销停止供货；属录入差错的，5个工作日内更正。"
    )
    deviation = "登记有{:.0f}处不符"

    rarity: float = param(
        2.0, help="查不到许可证的罕见程度按", unit="lg", low=0, high=12, source="本系统设定"
    )

    common: float = param(
        0.2,
        help="县内地址不一致的达到（含）视为写法不同，不列",
        unit="比例",
        low=0.01,
        high=1,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        orders = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        ordered = orders.group_by("retailer_id").agg(
            first=_.day.min(), qty=_.qty.sum(where=_.day == on), last=_.day.max()
        )
        known = facts.retailers.semi_join(facts.licences, "bureau")  # else no licence book at all
        shops = known.join(ordered.filter(_.last == on), "retailer_id")
        latest = _latest(facts)
        compared = (
            shops.left_join(latest, "retailer_id")
            .drop("retailer_id_right")
            .mutate(
                none=_.held_no.isnull(),
                differs=ibis.coalesce(plain_name(_.licensee) != plain_name(_.held_by), False),
            )
        )
        moved = compared.left_join(self._moved(known, latest), "retailer_id")
        moved = moved.drop("retailer_id_right").mutate(moved=_.rarity.notnull() & ~_.none)
        return moved.filter(
            # a difference stands until mended: told once a month, not each week
            _.none | ((_.differs | _.moved) & (_.first == on))
        ).select(
            "none",
            "differs",
            "moved",
            "licence_no",
            "licensee",
            "held_by",
            subject_id=_.retailer_id,
            qty=ibis.coalesce(_.qty, 0.0),
            surprise=ibis.ifelse(
                _.none, self.rarity, ibis.ifelse(_.differs, 1.0, ibis.coalesce(_.rarity, 1.0))
            ),
        )

    def _moved(self, shops: ir.Table, latest: ir.Table) -> ir.Table:
        """retailer_id and rarity of those whose licence is of another place, unless the county's two
        systems write most addresses differently. One address may leave out how the other begins."""
        placed = shops.join(latest, "retailer_id").mutate(
            here=plain_address(_.address), there=plain_address(_.held_at)
        )
        both = placed.filter(_.here.notnull(), _.there.notnull()).mutate(
            apart=~(_.here.contains(_.there) | _.there.contains(_.here))
        )
        usual = both.group_by("bureau").agg(
            size=_.count(), met=_.apart.cast("int64").sum(), share=_.apart.cast("float64").mean()
        )
        told = both.filter(_.apart).join(usual.filter(_.share < self.common), "bureau")
        return told.select("retailer_id", rarity=((_.size + 1) / (_.met + 1)).log10())

    def size(self, row: Mapping[str, Any]) -> float:
        differs, moved = row.get("differs", True), row.get("moved")
        return 2.0 if row["none"] else float(max(bool(differs) + bool(moved), 1))

    def sentence(self, row: Mapping[str, Any]) -> str:
        if row["none"]:
            number = f"登记证号{row['licence_no']}，" if row["licence_no"] else "客户档案没有证号，"
            return f"{number}许可证系统中查不到本户，当日订购{row['qty']:.0f}条。"
        place = "经营地址也不一致" if row.get("moved") else ""
        if not row.get("differs", True):  # rows of before had no other reason
            return "营销系统登记的经营地址与许可证系统登记的不是一处。"
        return (
            f"营销系统登记负责人为{person(row['licensee'])}，许可证系统登记为{person(row['held_by'])}，"
            f"两者不一致{'，' * bool(place)}{place}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        orders = facts.orders.filter(_.day > on - dt.timedelta(weeks=4), _.day <= on)
        licences = held(facts).join(wanted, "retailer_id")
        return stacked(
            rows_of(
                facts.retailers.join(wanted, "retailer_id"), "retailers", "licensee", "address"
            ),
            rows_of(licences, "licences", "licence_no", "holder", "address"),
            rows_of(orders.join(wanted, "retailer_id"), "orders", "day", "order_id", "qty"),
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        if row["none"]:
            return "红"
        return "黄" if row["differs"] else None

    def hit(self, row: Mapping[str, Any]) -> bool:
        return bool(row["none"] or row["differs"])


def _latest(facts: Facts) -> ir.Table:
    """The newest licence of each shop: retailer_id, held_no, held_by, held_at."""
    start = ibis.coalesce(_.valid_from, ibis.date(1970, 1, 1))
    order = [start.desc(), _.licence_no.desc()]
    place = ibis.row_number().over(group_by="retailer_id", order_by=order)
    newest = held(facts).mutate(place=place).filter(_.place == 0)
    return newest.select("retailer_id", held_no="licence_no", held_by="holder", held_at="address")
