import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class FirstOrders(Detector):
    key = "first_orders"
    code = "LIC-06"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.tier", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no", "retailers.retailer_id",
        "retailers.open_date",
    )  # fmt: skip

    title = "新办户首批订单过大"
    looks_for = "开户不久的店头三次订货，数量在同县同档位户近8周的订单中属最大的百分之几。"
    why_it_matters = "新店还没有客源就订得比老店都多，货可能不在店里卖。"
    innocent_causes = "新店铺货；旺铺、景区、酒店开业；由老店换证、迁址而来，客源已有。"
    next_steps = (
        "一、三日内到店看是否真正营业，盘点这几单的存货；"
        "二、一周内核对档位评定依据和办证时的经营面积。"
    )
    deviation = "首批订货{:.0f}条"
    measure = "qty"

    orders: int = param(3, help="头几次订货（含）", unit="次", low=1, high=10, source="本系统设定")
    days: int = param(91, help="开户不超过", unit="天", low=7, high=366, source="本系统设定")
    share: float = param(
        0.05,
        help="同档位订单中达到此量的不超过",
        unit="比例",
        low=0.001,
        high=0.5,
        source="本系统设定（第95百分位）",
    )
    peers: int = param(
        20, help="同档位订单少于此数，改与全县比", unit="单", low=5, high=500, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        new = self._first(facts, on)
        settled = facts.orders.filter(_.day > on - dt.timedelta(weeks=8), _.day < on, _.qty > 0)
        others = settled.anti_join(new, "retailer_id").select(
            "bureau", peer_tier="tier", peer_qty="qty"
        )
        alike = ibis.coalesce(_.peer_tier == _.tier, False)
        as_large = _.peer_qty >= _.qty
        compared = (
            new.join(others, "bureau")
            .group_by("bureau", "retailer_id", "order_id", "number", "tier", "qty", "age")
            .agg(
                near=alike.cast("int64").sum(),
                near_large=(alike & as_large).cast("int64").sum(),
                whole=_.count(),
                whole_large=as_large.cast("int64").sum(),
            )
        )
        enough = _.near >= self.peers
        judged = compared.mutate(
            is_tier=enough,
            size=ibis.ifelse(enough, _.near, _.whole),
            large=ibis.ifelse(enough, _.near_large, _.whole_large),
        )
        most = ibis.row_number().over(group_by="retailer_id", order_by=[_.qty.desc(), _.order_id])
        return (
            judged.filter(_.size >= self.peers, _.large <= _.size * self.share)
            .mutate(place=most)
            .filter(_.place == 0)
            .select(
                "order_id", "number", "tier", "qty", "age", "is_tier", "size", "large",
                subject_id=_.retailer_id, surprise=((_.size + 1) / (_.large + 1)).log10(),
            )
        )  # fmt: skip

    def _first(self, facts: Facts, on: dt.date) -> ir.Table:
        """Today's orders of shops opened lately that are among their first, numbered from 1."""
        opened = facts.retailers.filter(
            _.open_date >= on - dt.timedelta(days=self.days), _.open_date <= on
        ).select("retailer_id", "open_date")
        mine = facts.orders.filter(_.day <= on, _.qty > 0).join(opened, "retailer_id")
        numbered = mine.mutate(
            number=ibis.row_number().over(group_by="retailer_id", order_by=["day", "order_id"]) + 1,
            age=_.day.delta(_.open_date, unit="day"),
        )
        return numbered.filter(_.day == on, _.number <= self.orders)

    def sentence(self, row: Mapping[str, Any]) -> str:
        peers = f"同县{row['tier']}档户" if row["is_tier"] else "全县各户"
        return (
            f"开户{row['age']}天的新户，第{row['number']}次订货{cartons(row['qty'])}；"
            f"{peers}近8周{row['size']}单中只有{row['large']}单达到这个数量。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        mine = facts.orders.filter(_.day <= on).join(
            found.select("subject_id", retailer_id="subject_id"), "retailer_id"
        )
        return stacked(rows_of(mine, "orders", "day", "order_id", "tier", "qty"))
