import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import Deferred, _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import PER_OTHER, principals
from alerts.texts import plain_address
from sources.facts import Facts

CELL = 0.002  # degrees, some 200 metres: wider than any distance asked for
DEGREE = 111_320.0  # metres of latitude
NEAR = pa.table({"step": [-1, 0, 1]})


@dataclass(frozen=True, kw_only=True)
class PlaceShared(Detector):
    """Shops of several owners in one place. A licence's own place cannot be set against the point of
    delivery: no import of licences brings coordinates. What is handed over far from the shop's
    registered place is `delivery_far`."""

    key = "place_shared"
    code = "CUS-06"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    weight = -1.0
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id",
        "retailers.owner_id", "retailers.chain_id", "retailers.address", "retailers.lat",
        "retailers.lon", "retailers.bureau", "retailers.batch_id", "retailers.row_no",
    )  # fmt: skip
    optional = (
        "retailers.owner_id", "retailers.chain_id", "retailers.address", "retailers.lat",
        "retailers.lon",
    )  # fmt: skip

    title = "店址与他户重叠"
    looks_for = "经营地址与其他经营者的店相同，或坐标相距不到规定距离；每月首次订货时列一次。"
    why_it_matters = "一个地方办出几个证，可能是一店多证、证址不符，货集中到一处。"
    innocent_causes = (
        "商场、集贸市场里的相邻摊位；楼上楼下同一门牌；坐标由一处批量采集；地址只写到村。"
    )
    next_steps = (
        "一、对照各户门头照片和坐标采集记录，坐标有误的转营销更正；"
        "二、下一次市场检查到实地，看是否各有独立店面、各自经营。"
    )
    deviation = "店址与另外{:.0f}个经营者重叠"
    measure = "others"

    metres: float = param(10, help="坐标相距不到", unit="米", low=1, high=100, source="本系统设定")
    letters: int = param(
        6, help="地址少于多少字的不比", unit="字", low=1, high=50, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        shops = self._shops(facts)
        pairs = self._pairs(shops)
        sizes = facts.retailers.group_by("bureau").agg(size=_.retailer_id.nunique())
        shared = pairs.group_by("bureau", "retailer_id").agg(
            others=_.other.nunique(), same=_.same.any(), metres=_.metres.min()
        )
        met = shared.group_by("bureau").agg(met=_.count())
        rare = shared.join(met, "bureau").join(sizes, "bureau")
        rarity = ((_.size + 1) / (_.met + 1)).log10() + (_.others - 1) * PER_OTHER
        return rare.semi_join(self._due(facts, on), "retailer_id").select(
            "others", "same", "metres",
            subject_id=_.retailer_id, surprise=ibis.least(rarity, 8.0),
        )  # fmt: skip

    def _due(self, facts: Facts, on: dt.date) -> ir.Table:
        """Shops that ordered today, for the first time this month."""
        month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        first = month.group_by("retailer_id").agg(first=_.day.min())
        return first.filter(_["first"] == on)

    def _shops(self, facts: Facts) -> ir.Table:
        known = facts.retailers.join(principals(facts.retailers), "retailer_id")
        address = plain_address(_.address)
        return known.mutate(
            place=ibis.ifelse(address.length() >= self.letters, address, None),
            row=(_.lat / CELL).floor().cast("int64"),
            column=(_.lon / CELL).floor().cast("int64"),
        )

    def _pairs(self, shops: ir.Table) -> ir.Table:
        """bureau, retailer_id, other (principal), other_shop, same (address), metres between."""
        mine = shops.select(
            "bureau", "retailer_id", "principal", "place", "row", "column", "lat", "lon"
        )
        theirs = shops.select(
            "bureau", "place", "row", "column", other="principal", other_shop="retailer_id",
            y="lat", x="lon",
        )  # fmt: skip
        addressed = mine.filter(_.place.notnull()).join(
            theirs.drop("row", "column"), ["bureau", "place"]
        )
        steps = ibis.memtable(NEAR)
        around = theirs.drop("place").cross_join(steps).mutate(row=_.row + _.step).drop("step")
        around = around.cross_join(steps).mutate(column=_.column + _.step).drop("step")
        nearby = mine.filter(_.lat.notnull(), _.lon.notnull()).join(
            around, ["bureau", "row", "column"]
        )
        columns = ("bureau", "retailer_id", "principal", "other", "other_shop")
        parts = (
            addressed.select(*columns, same=True, metres=ibis.null("float64")),
            nearby.select(*columns, same=False, metres=_distance()).filter(_.metres < self.metres),
        )
        return ibis.union(*parts).filter(_.principal != _.other)

    def sentence(self, row: Mapping[str, Any]) -> str:
        ways = ["经营地址相同"] if row["same"] else []
        if row["metres"] is not None:
            ways.append(f"坐标最近相距{row['metres']:.0f}米")
        return f"本户与另外{row['others']}个经营者的店{'、'.join(ways)}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        shops = self._shops(facts)
        beside = self._pairs(shops).select(subject_id="retailer_id", retailer_id="other_shop")
        own = found.select("subject_id", retailer_id="subject_id")
        all_of = ibis.union(own, beside.semi_join(own, "subject_id"), distinct=True)
        mine = facts.retailers.join(all_of, "retailer_id")
        today = facts.orders.filter(_.day == on).join(own, "retailer_id")
        return stacked(
            rows_of(mine, "retailers", "retailer_id", "lat", "lon"),
            rows_of(today, "orders", "day", "order_id", "retailer_id"),
        )


def _distance() -> Deferred:
    north = (_.lat - _.y) * DEGREE
    east = (_.lon - _.x) * DEGREE * _.lat.radians().cos()
    return (north * north + east * east).sqrt()
