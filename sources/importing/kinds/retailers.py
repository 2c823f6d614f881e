"""Retailers, their licences, what changed in their files, and market inspections."""

from sources.importing.contract import Column, Kind, Type

CODE_ALIASES = ("客户代码", "零售户编码", "零售户代码", "客户编号", "cust_id", "customer_code")
LICENCE_ALIASES = (
    "烟草专卖零售许可证号",
    "零售许可证号",
    "许可证号码",
    "专卖证号",
    "license_no",
    "license_code",
)
WEEKDAYS = {
    f"{prefix}{word}": str(number)
    for number, word in enumerate("一二三四五六日", start=1)
    for prefix in ("", "周", "星期", "礼拜")
}
# Whatever the source calls a change -> the word of the exchange format; others are kept.
CHANGED_FIELDS = {
    "电话": "phone",
    "订货电话": "phone",
    "手机": "phone",
    "联系电话": "phone",
    "档位": "tier",
    "客户档位": "tier",
    "CO_CUST.CUST_SEG": "tier",
    "状态": "status",
    "客户状态": "status",
    "CO_CUST.STATUS": "status",
    "账户": "account",
    "账号": "account",
    "结算账户": "account",
    "结算账号": "account",
    "银行账户": "account",
    "地址": "address",
    "经营地址": "address",
    "类别": "type",
    "业态": "type",
    "客户类别": "type",
    "许可证状态": "licence_status",
}


def retailer_id(*, required: bool = True) -> Column:
    """The customer code, as many kinds carry it."""
    return Column("retailer_id", "客户编码", CODE_ALIASES, Type.CODE, required=required)


RETAILERS = Kind(
    name="retailers",
    title="零售客户档案",
    columns=(
        retailer_id(),
        Column(
            "county",
            "县公司",
            ("县局", "县级公司", "营销部", "所属县", "单位", "org_code", "sale_center_id"),
            required=True,
            longest=100,
        ),
        Column("name", "客户名称", ("店名", "企业名称", "字号", "cust_name"), longest=100),
        Column("licence_no", "许可证号", LICENCE_ALIASES, Type.CODE, check="licence"),
        Column("licensee", "负责人", ("持证人", "经营者", "manager"), personal=True, longest=60),
        Column(
            "owner_id",
            "证件号码",
            ("身份证号", "身份证号码", "证件号", "id_no", "identity_card_id"),
            Type.HASHED,
            check="id",
        ),
        Column(
            "phone", "订货电话", ("电话", "联系电话", "手机", "手机号码", "order_tel"), Type.PHONE
        ),
        Column("address", "经营地址", ("地址", "busi_addr"), personal=True),
        Column("lat", "纬度", ("latitude", "crm_latitude"), Type.NUMBER, low=-90, high=90),
        Column(
            "lon", "经度", ("lng", "longitude", "crm_longitude"), Type.NUMBER, low=-180, high=180
        ),
        Column("town", "乡镇", ("所属乡镇", "街道"), longest=60),
        Column("market_type", "市场类型", ("work_port",), longest=20),
        Column(
            "biz_type",
            "业态",
            ("经营业态", "business_type", "base_type"),
            keep=("N", "n"),
            longest=20,
        ),
        Column(
            "tier",
            "档位",
            ("客户档位", "客户分档", "cust_seg"),
            Type.INTEGER,
            words={"ZZ": "31", "zz": "31"},
            low=0,
            high=99,
        ),
        Column(
            "credit_grade", "诚信等级", ("信用等级", "守法等级", "compliance_grade"), longest=10
        ),
        Column(
            "order_day",
            "订货日",
            ("订货星期", "访销日", "order_weekday"),
            Type.INTEGER,
            words=WEEKDAYS,
            low=1,
            high=7,
        ),
        Column(
            "order_cycle_weeks", "订货周期", ("订货周期周", "periods"), Type.INTEGER, low=1, high=53
        ),
        Column("order_channel", "订货方式", ("order_way",), longest=20),
        Column("open_date", "入网日期", ("入网时间", "onboard_date"), Type.DATE),
        Column("status", "状态", ("客户状态",), longest=20),
        Column("chain_id", "连锁编码", ("连锁企业编码",), Type.CODE),
        Column("manager_id", "客户经理", ("客户经理编码", "客户经理工号", "slsman_id"), Type.CODE),
        Column("route", "送货线路", ("线路", "配送线路", "route_code"), longest=40),
        Column(
            "bound_account",
            "结算账户",
            ("结算账号", "银行账号", "银行账户", "扣款账户", "tax_account"),
            Type.HASHED,
        ),
        Column(
            "pickup_point", "定点取货", ("是否定点取货", "取货点"), Type.FLAG, words={"*": "是"}
        ),
        Column(
            "own_store",
            "自营店",
            ("是否自营", "是否自营店", "自营", "直营终端", "is_own_store", "is_sefl_cust"),
            Type.FLAG,
        ),
        Column(
            "floor_area",
            "经营面积",
            ("面积", "营业面积", "经营场所面积", "店面面积", "busi_area", "floor_area"),
            Type.NUMBER,
            low=0,
            high=100000,
        ),
    ),
    key=("retailer_id",),
    file_words=("客户档案", "零售户档案", "客户信息", "零售户信息", "co_cust"),
)

LICENCES = Kind(
    name="licences",
    title="许可证",
    columns=(
        Column(
            "licence_no", "许可证号", LICENCE_ALIASES, Type.CODE, required=True, check="licence"
        ),
        retailer_id(),
        Column(
            "valid_from",
            "有效期起",
            ("有效期开始", "有效期自", "起始日期"),
            Type.DATE,
            required=True,
        ),
        Column(
            "valid_to", "有效期止", ("有效期至", "截止日期", "到期日期"), Type.DATE, required=True
        ),
        Column("status", "状态", ("许可证状态",), required=True, longest=20),
        Column("status_date", "状态日期", ("状态变更日期", "状态时间"), Type.DATE),
        Column("holder", "负责人", ("持证人", "经营者"), personal=True, longest=60),
        Column("address", "经营地址", ("地址",), personal=True),
    ),
    key=("licence_no", "valid_from"),
    file_words=("许可证信息", "零售许可证"),
)

CHANGES = Kind(
    name="changes",
    title="客户信息变更",
    columns=(
        retailer_id(),
        Column(
            "change_date",
            "变更日期",
            ("变更时间", "变更日期时间", "audit_date"),
            Type.DATE,
            required=True,
        ),
        Column(
            "field",
            "变更项目",
            ("变更项", "变更类型", "change_type"),
            required=True,
            words=CHANGED_FIELDS,
            longest=40,
        ),
        Column("old_value", "变更前", ("变更前内容", "change_frm")),
        Column("new_value", "变更后", ("变更后内容", "change_to"), required=True),
        Column("operator", "操作人", ("经办人",), longest=60),
        Column("approver", "审批人", ("审核人",), longest=60),
    ),
    key=("retailer_id", "change_date", "field", "new_value"),
    parents={"retailer_id": "retailers"},
    day_column="change_date",
    file_words=("信息变更", "变更记录", "crm_cust_log"),
)

VISITS = Kind(
    name="visits",
    title="市场检查",
    columns=(
        retailer_id(),
        Column("visit_date", "检查日期", ("检查时间", "走访日期"), Type.DATE, required=True),
        Column("shop_open", "是否营业", ("营业情况", "营业状态"), Type.FLAG),
        Column("result", "结果", ("检查结果",)),
        Column("inspectors", "检查人", ("检查人员",), longest=100),
    ),
    key=("retailer_id", "visit_date", "inspectors"),
    parents={"retailer_id": "retailers"},
    day_column="visit_date",
    file_words=("市场走访", "检查记录"),
)

KINDS = (RETAILERS, LICENCES, CHANGES, VISITS)
