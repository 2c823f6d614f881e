"""What became of an order: sorted and coded, delivered, paid."""

from sources.importing.contract import Column, Kind, Type
from sources.importing.kinds.catalogue import sku_id
from sources.importing.kinds.ordering import order_id

DELIVERIES = Kind(
    name="deliveries",
    title="配送",
    columns=(
        order_id(),
        Column("delivered_date", "送货日期", ("配送日期", "dist_date"), Type.DATE, required=True),
        Column(
            "delivered_qty", "送达量", ("送货量", "配送量", "qty_bar"), Type.QUANTITY, required=True
        ),
        Column("sign_by", "签收方式", ("签收人类型",), longest=20),
        Column("gps_offset_m", "签收偏离", ("签收偏离米", "签收距离"), Type.NUMBER),
        Column("courier_id", "送货员", ("送货员编码", "送货员工号", "deliver_id"), Type.CODE),
        Column("signed_at", "签收时间", (), Type.DATETIME),
        Column("sign_lat", "签收纬度", ("签收点纬度",), Type.NUMBER, low=-90, high=90),
        Column(
            "sign_lon",
            "签收经度",
            ("签收点经度", "sign_lng"),
            Type.NUMBER,
            low=-180,
            high=180,
        ),
        Column("exception", "异常", ("异常情况", "配送异常")),
    ),
    key=("order_id",),
    parents={"order_id": "orders"},
    day_column="delivered_date",
    file_words=("送货", "ldm_dist"),
)

PAYMENTS = Kind(
    name="payments",
    title="结算",
    columns=(
        order_id(),
        Column(
            "pay_date", "扣款日期", ("结算日期", "支付日期", "trade_date"), Type.DATE, required=True
        ),
        Column(
            "payer_account",
            "付款账户",
            ("付款账号", "扣款账户", "扣款账号", "结算账户"),
            Type.HASHED,
            required=True,
        ),
        Column("paid_amount", "金额", ("扣款金额", "结算金额"), Type.MONEY, required=True),
        Column("payer_name", "户名", ("付款户名", "账户名"), personal=True, longest=60),
        Column("result", "结果", ("扣款结果",), longest=40),
    ),
    key=("order_id", "pay_date", "payer_account", "result"),
    parents={"order_id": "orders"},
    day_column="pay_date",
    file_words=("扣款", "co_trans_flow"),
)

CODING = Kind(
    name="coding",
    title="打码",
    columns=(
        Column("coded_on", "日期", ("打码日期", "分拣日期"), Type.DATE, required=True),
        Column("sorted_qty", "分拣量", (), Type.QUANTITY, required=True),
        Column("coded_qty", "打码量", (), Type.QUANTITY, required=True),
        Column("route", "线路", ("送货线路",), longest=40),
        sku_id(required=False),
    ),
    key=("coded_on", "route", "sku_id"),
    day_column="coded_on",
    file_words=("分拣打码",),
)

KINDS = (DELIVERIES, PAYMENTS, CODING)
