"""Orders, their lines, and the logs of how they were placed."""

from sources.importing.contract import Column, Kind, Type
from sources.importing.kinds.catalogue import sku_id, sku_name
from sources.importing.kinds.retailers import retailer_id

ORDER_ALIASES = ("订单编号", "订单号码", "订单编码", "co_num", "order_no")


def order_id(*, required: bool = True) -> Column:
    """The order number, as many kinds carry it."""
    return Column("order_id", "订单号", ORDER_ALIASES, Type.CODE, required=required, longest=60)


def ip_city() -> Column:
    """The city that an address belongs to, where the ordering site tells it."""
    return Column("ip_city", "归属地", ("IP归属地", "IP所在地", "登录地"), longest=60)


ORDERS = Kind(
    name="orders",
    title="订单主表",
    columns=(
        order_id(),
        retailer_id(),
        Column("order_time", "提交时间", ("下单时间", "订单时间", "submitted_at"), Type.DATETIME),
        Column("order_date", "订单日期", ("下单日期", "订货日期", "born_date"), Type.DATE),
        Column("week_start", "周期起", ("周起", "周期开始"), Type.WEEK),
        Column(
            "tier",
            "档位",
            ("客户档位", "cust_seg"),
            Type.INTEGER,
            words={"ZZ": "31", "zz": "31"},
            low=0,
            high=99,
        ),
        Column("channel", "订货方式", ("订货渠道", "渠道"), longest=20),
        Column("ip", "IP", ("IP地址", "ip_addr"), check="ip", longest=60),
        ip_city(),
        Column("device_id", "设备标识", ("设备号", "设备编号"), Type.CODE, longest=80),
        Column("placed_by", "操作账号", ("操作员", "下单账号", "operator_account"), Type.CODE),
        Column("qty", "订单总量", ("总量", "订货总量", "qty_total", "qty_sum"), Type.QUANTITY),
        Column("amount", "金额", ("订单金额", "总金额", "amt_sum"), Type.MONEY),
        Column("status", "状态", ("订单状态",), longest=20),
        Column("kind", "订单类型", ("类型", "unique_kind"), longest=20),
        Column("amend_count", "修改次数", (), Type.INTEGER, low=0),
        Column("last_amended_by", "最后修改人", ("修改人",), longest=60),
    ),
    key=("order_id",),
    parents={"retailer_id": "retailers"},
    day_column="order_date",
    any_of=(("order_time", "order_date"),),
    file_words=("订单主", "订单头", "order", "co_co"),
)

ORDER_LINES = Kind(
    name="order_lines",
    title="订单明细",
    columns=(
        order_id(),
        sku_id(),
        sku_name("卷烟名称"),
        Column(
            "qty", "订购量", ("订单量", "订货量", "实订量", "qty_ord"), Type.QUANTITY, required=True
        ),
        Column("qty_need", "需求量", ("需求",), Type.QUANTITY),
        Column("limit_qty", "限量", ("定量", "合理定量", "qty_limit", "qty_rsn"), Type.QUANTITY),
        Column("price", "批发价", ("单价", "价格"), Type.MONEY),
        Column("amount", "金额", ("amt",), Type.MONEY),
    ),
    key=("order_id", "sku_id"),
    parents={"order_id": "orders", "sku_id": "skus"},
    file_words=("订单行", "order_line", "co_co_line"),
)

LOGIN_LOGS = Kind(
    name="login_logs",
    title="网订日志",
    columns=(
        Column("at", "时间", ("登录时间", "操作时间", "log_date"), Type.DATETIME, required=True),
        retailer_id(),
        Column("action", "操作", ("操作类型",), longest=20),
        Column("account", "操作账号", ("账号", "登录账号"), Type.CODE),
        Column("ip", "IP", ("IP地址", "ip_addr"), check="ip", longest=60),
        ip_city(),
        Column("device_id", "设备标识", ("设备号", "设备"), Type.CODE, longest=80),
        order_id(required=False),
    ),
    key=("at", "retailer_id", "action", "order_id"),
    parents={"retailer_id": "retailers"},
    day_column="at",
    file_words=("登录日志", "订货日志", "co_log"),
)

CALL_RECORDS = Kind(
    name="call_records",
    title="通话录音",
    columns=(
        Column(
            "record_id", "录音编号", ("通话编号", "录音号"), Type.CODE, required=True, longest=60
        ),
        retailer_id(),
        Column("started_at", "开始时间", ("通话时间", "起始时间"), Type.DATETIME),
        Column("seconds", "时长", ("通话时长", "时长秒"), Type.INTEGER, low=0),
        Column("agent", "坐席", ("坐席工号", "电访员", "agent_code"), Type.CODE),
        Column("file", "文件", ("录音文件", "file_path"), longest=300),
        order_id(required=False),
    ),
    key=("record_id",),
    parents={"retailer_id": "retailers"},
    day_column="started_at",
    file_words=("录音", "电访记录"),
)

KINDS = (ORDERS, ORDER_LINES, LOGIN_LOGS, CALL_RECORDS)
