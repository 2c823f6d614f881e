import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import Deferred, _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import PER_OTHER
from alerts.wording import date
from sources.facts import Facts

DEGREE = 111_320.0  # metres of latitude


@dataclass(frozen=True, kw_only=True)
class SignTogether(Detector):
    key = "sign_together"
    code = "DLV-02"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day",
        "deliveries.signed_at", "deliveries.sign_lat", "deliveries.sign_lon",
        "deliveries.bureau", "deliveries.batch_id", "deliveries.row_no", "orders.day",
        "orders.bureau", "retailers.retailer_id", "retailers.lat", "retailers.lon",
        "retailers.pickup_point",
    )  # fmt: skip
    optional = ("retailers.pickup_point",)

    title = "几户的货在同一处接连签收"
    looks_for = "上一订货日之后，几户的货几分钟内在同一处签收，而各店相距较远；定点取货户不计。"
    why_it_matters = "货没有送到各自店里而集中交接，可能由一人收走几户的货。"
    innocent_causes = (
        "道路不通约定在路口交货；定点取货协议未登记；签收设备离线后一并上传；店址坐标有误。"
    )
    next_steps = (
        "一、看签收照片和送货车轨迹，认出签收的人和地点；"
        "二、下一送货日到该点实地查看，电话询问各户货是否到店。"
    )
    deviation = "与另外{:.0f}户同处签收"
    measure = "others"

    minutes: float = param(
        3, help="相隔不超过（含）", unit="分钟", low=0.5, high=60, source="本系统设定"
    )
    metres: float = param(
        30, help="签收点相距不超过（含）", unit="米", low=5, high=500, source="本系统设定"
    )
    apart: float = param(
        200, help="店址相距超过", unit="米", low=50, high=10000, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        signed = self._signed(facts, on)
        pairs = self._pairs(signed)
        shops = pairs.group_by("bureau", "retailer_id", "day").agg(
            others=_.other.nunique(), apart=_.apart.max()
        )
        weeks = signed.group_by("bureau").agg(size=_.retailer_id.nunique())
        met = shops.group_by("bureau").agg(met=_.retailer_id.nunique())
        rare = shops.join(weeks, "bureau").join(met, "bureau")
        rarity = ((_.size + 1) / (_.met + 1)).log10() + (_.others - 1) * PER_OTHER
        newest = [_.others.desc(), _.day.desc()]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        told = with_news(rare, facts.orders, on).filter(_.is_new).mutate(place=place)
        return told.filter(_.place == 0).select(
            "day",
            "others",
            "apart",
            subject_id=_.retailer_id,
            surprise=ibis.least(rarity, 8.0),
        )

    def _signed(self, facts: Facts, on: dt.date) -> ir.Table:
        """The quarter's deliveries whose time and place of signing are known."""
        since = on - dt.timedelta(weeks=13)
        fetched = facts.retailers.filter(_.pickup_point)
        places = facts.retailers.filter(_.lat.notnull(), _.lon.notnull()).select(
            "retailer_id", "lat", "lon"
        )
        sent = facts.deliveries.filter(
            _.day > since, _.day <= on, _.signed_at.notnull(), _.sign_lat.notnull(),
            _.sign_lon.notnull(),
        )  # fmt: skip
        known = sent.anti_join(fetched, "retailer_id").join(places, "retailer_id")
        return known.mutate(second=_.signed_at.epoch_seconds())

    def _pairs(self, signed: ir.Table) -> ir.Table:
        """Each delivery with those of other shops signed beside it: other, apart (metres)."""
        step = round(self.minutes * 60)
        slot = signed.mutate(slot=_.second // step)
        theirs = slot.select(
            "bureau", "day", "slot", other="retailer_id", at="second", y="sign_lat", x="sign_lon",
            shop_y="lat", shop_x="lon",
        )  # fmt: skip
        around = ibis.union(theirs, theirs.mutate(slot=_.slot + 1), theirs.mutate(slot=_.slot - 1))
        pairs = slot.join(around, ["bureau", "day", "slot"]).filter(
            _.retailer_id != _.other, (_.second - _["at"]).abs() <= step
        )
        measured = pairs.mutate(
            near=_distance(_.sign_lat, _.sign_lon, _.y, _.x),
            apart=_distance(_.lat, _.lon, _.shop_y, _.shop_x),
        )
        return measured.filter(_.near <= self.metres, _.apart > self.apart)

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"{date(row['day'])}本户的货与另外{row['others']}户在{self.minutes:.0f}分钟、"
            f"{self.metres:.0f}米以内签收，而店址相距最远{row['apart']:.0f}米。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "day", retailer_id="subject_id")
        pairs = self._pairs(self._signed(facts, on)).join(wanted, ["retailer_id", "day"])
        beside = ibis.union(
            wanted,
            pairs.select("subject_id", "day", retailer_id="other"),
            distinct=True,
        )
        rows = facts.deliveries.filter(_.day <= on).join(beside, ["retailer_id", "day"])
        return stacked(rows_of(rows, "deliveries", "day", "signed_at", "order_id", "retailer_id"))


def _distance(lat: Deferred, lon: Deferred, other_lat: Deferred, other_lon: Deferred) -> Deferred:
    north = (lat - other_lat) * DEGREE
    east = (lon - other_lon) * DEGREE * lat.radians().cos()
    return (north * north + east * east).sqrt()
