"""Products, the supply policy, and prices seen in the market."""

from sources.importing.contract import Column, Kind, Type
from sources.importing.kinds.retailers import retailer_id

SKU_ALIASES = ("商品编码", "卷烟代码", "品规编码", "规格编码", "item_id", "sku_code")


def sku_id(*, required: bool = True) -> Column:
    """The product code, as many kinds carry it."""
    return Column("sku_id", "卷烟编码", SKU_ALIASES, Type.CODE, required=required)


def sku_name(title: str, *, required: bool = False) -> Column:
    """The product's name; its brackets and letters are made half-width."""
    aliases = tuple({"名称", "卷烟名称", "商品名称", "品规名称", "item_name"} - {title})
    return Column(
        "sku_name", title, tuple(sorted(aliases)), required=required, check="width", longest=100
    )


SKUS = Kind(
    name="skus",
    title="卷烟目录",
    columns=(
        sku_id(),
        sku_name("名称", required=True),
        Column("wholesale_price", "批发价", ("批发价格", "price_trade"), Type.MONEY, required=True),
        Column(
            "price_class",
            "价类",
            ("卷烟类别", "类别"),
            Type.INTEGER,
            words={
                f"{word}类{tail}": str(n)
                for n, word in enumerate("一二三四五", 1)
                for tail in ("", "烟")
            },
            low=1,
            high=5,
        ),
        Column("retail_price", "建议零售价", ("零售指导价", "指导价", "price_retail"), Type.MONEY),
        Column("sticks", "每条支数", ("支数", "sticks_per_carton", "t_size"), Type.INTEGER, low=1),
        Column("market_state", "市场状态", ("状态",), longest=10),
        Column("is_focus", "重点关注", ("是否重点关注", "重点品牌"), Type.FLAG),
        Column("origin", "省内外", ("产地", "yieldly_type"), longest=20),
        Column("launch_date", "上市日期", ("投放日期",), Type.DATE),
    ),
    key=("sku_id",),
    file_words=("商品目录", "品规目录", "plm_item"),
)

SUPPLY_LIMITS = Kind(
    name="supply_limits",
    title="投放策略",
    columns=(
        Column(
            "week_start",
            "周期起",
            ("周起", "周期开始", "周期", "week", "begin_date"),
            Type.WEEK,
            required=True,
        ),
        sku_id(),
        Column(
            "tier",
            "档位",
            ("客户档位", "cust_type"),
            Type.INTEGER,
            required=True,
            words={"ZZ": "31", "zz": "31"},
            low=0,
            high=99,
        ),
        Column(
            "limit_qty",
            "每户上限",
            ("限量", "户均上限", "qty_once_limit"),
            Type.QUANTITY,
            required=True,
        ),
        Column("published_on", "公示日期", ("公布日期",), Type.DATE),
    ),
    key=("week_start", "sku_id", "tier"),
    parents={"sku_id": "skus"},
    day_column="week_start",
    file_words=("货源投放", "投放计划"),
)

MARKET_PRICES = Kind(
    name="market_prices",
    title="市场价格",
    columns=(
        Column("checked_on", "采集日期", ("采价日期",), Type.DATE, required=True),
        sku_id(),
        Column("price", "实际零售价", ("零售价", "市场价", "价格"), Type.MONEY, required=True),
        Column("town", "乡镇", ("采集地",), longest=60),
        retailer_id(required=False),
    ),
    key=("checked_on", "sku_id", "town", "retailer_id"),
    parents={"sku_id": "skus"},
    day_column="checked_on",
    file_words=("价格采集",),
)

KINDS = (SKUS, SUPPLY_LIMITS, MARKET_PRICES)
