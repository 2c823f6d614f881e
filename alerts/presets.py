"""Settings that documents are known to prescribe: data to begin a draft with, nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.rulebook import Value


@dataclass(frozen=True)
class Preset:
    """Some lines of the rule book (alerts.rulebook) as one document sets them."""

    key: str
    title: str
    about: str
    source: str
    values: Mapping[str, Value]


PRESETS = (
    Preset(
        key="national",
        title="国家局标准",
        about="五项国家规则恢复为国烟专〔2011〕49号的数值。",
        source="国烟专〔2011〕49号",
        values={
            "sku_month.growth": 0.5,
            "sku_day.share": 0.15,
            "vol_order.ratio": 2.0,
            "vol_month.ratio": 2.0,
            "price_order.ratio": 2.0,
        },
    ),
    Preset(
        key="jiangsu",
        title="江苏口径",
        about="单品月增 75%、单日占比 20%、单次订购 250%，其余按国家局。",
        source="江苏省局执行国烟专〔2011〕49号的口径",
        values={"sku_month.growth": 0.75, "sku_day.share": 0.2, "vol_order.ratio": 2.5},
    ),
    Preset(
        key="quiet",
        title="平稳地市",
        about="异常较少的地市把每日名单压到订货户的千分之二，减少误报。",
        source="本系统回测",
        values={"policy.budget_share": 0.002},
    ),
)
