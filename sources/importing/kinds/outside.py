"""What reaches the bureau from outside: seizures elsewhere, complaints, sales at the till."""

from sources.importing.contract import Column, Kind, Type
from sources.importing.kinds.catalogue import sku_id
from sources.importing.kinds.retailers import LICENCE_ALIASES, retailer_id

SEIZURES = Kind(
    name="seizures",
    title="外流反馈",
    columns=(
        Column("case_no", "案号", ("案件编号", "立案号"), required=True, longest=60),
        Column("seized_on", "查获日期", ("案发日期",), Type.DATE, required=True),
        Column("place", "查获地", ("查获地点",), longest=100),
        Column("code32", "32位码", ("喷码", "条码32位", "32位喷码", "卷烟喷码"), Type.CODE),
        sku_id(required=False),
        Column("qty", "条", ("数量", "查获数量", "条数"), Type.QUANTITY, required=True),
        Column("licence_no", "许可证号", LICENCE_ALIASES, Type.CODE, check="licence"),
    ),
    key=("case_no", "code32", "sku_id", "licence_no"),
    day_column="seized_on",
    file_words=("外流", "真烟外流"),
)

COMPLAINTS = Kind(
    name="complaints",
    title="投诉举报",
    columns=(
        Column("ticket_no", "工单号", ("工单编号",), Type.CODE, required=True, longest=60),
        Column("received_at", "来电时间", ("受理时间", "接收时间"), Type.DATETIME, required=True),
        Column("channel", "渠道", ("来源",), longest=20),
        Column("category", "类别", ("投诉类别", "举报类别"), longest=40),
        Column(
            "subject", "被反映人", ("被投诉人", "被举报人", "被反映户"), personal=True, longest=100
        ),
        Column("text", "内容", ("投诉内容", "举报内容"), personal=True, longest=20_000),
    ),
    key=("ticket_no",),
    day_column="received_at",
    file_words=("投诉", "举报", "工单"),
)

POS_SALES = Kind(
    name="pos_sales",
    title="终端动销",
    columns=(
        retailer_id(),
        Column("sold_on", "日期", ("销售日期",), Type.DATE, required=True),
        sku_id(),
        Column("qty", "销量", ("销售量", "数量"), Type.QUANTITY, required=True),
        Column("price", "零售价", ("销售价", "单价"), Type.MONEY),
    ),
    key=("retailer_id", "sold_on", "sku_id"),
    parents={"retailer_id": "retailers", "sku_id": "skus"},
    day_column="sold_on",
    file_words=("动销", "扫码销售"),
)

KINDS = (SEIZURES, COMPLAINTS, POS_SALES)
