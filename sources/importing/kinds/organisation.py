"""Bureaus, the industry's own staff, and the ordering calendar."""

from sources.importing.contract import Column, Kind, Type

BUREAUS = Kind(
    name="bureaus",
    title="机构",
    columns=(
        Column(
            "bureau_code",
            "机构编码",
            ("机构代码", "单位编码", "organ_id"),
            Type.CODE,
            required=True,
        ),
        Column("name", "名称", ("机构名称", "单位名称", "organ_name"), required=True, longest=100),
        Column("parent", "上级", ("上级机构", "上级编码", "上级机构编码", "parent_id"), Type.CODE),
    ),
    key=("bureau_code",),
    file_words=("组织机构", "organs"),
)

STAFF = Kind(
    name="staff",
    title="人员",
    columns=(
        Column("staff_id", "工号", ("人员编码", "员工编号", "slsman_id"), Type.CODE, required=True),
        Column("name", "姓名", ("人员姓名", "员工姓名", "slsman_name"), personal=True, longest=60),
        Column("role", "岗位", ("职务", "岗位名称"), required=True, longest=20),
        Column("county", "县公司", ("单位", "所属单位", "县局", "org_code"), longest=100),
        Column("phone", "电话", ("手机", "手机号", "联系电话", "手机号码"), Type.PHONE),
        Column("device_id", "设备标识", ("设备号", "设备编号"), Type.CODE, longest=80),
        Column("account", "账户", ("银行账户", "银行账号", "工资账户", "账号"), Type.HASHED),
        Column("cert_no", "执法证号", ("执法证", "执法证编号"), Type.CODE),
        Column("cert_valid_to", "执法证有效期", ("执法证有效期止", "证件有效期"), Type.DATE),
        Column("related_retailers", "亲属经营申报", ("亲属经营户", "亲属店申报"), longest=300),
    ),
    key=("staff_id",),
    file_words=("人员名册", "职工", "员工"),
)

CALENDAR = Kind(
    name="calendar",
    title="订货日历",
    columns=(
        Column("week_start", "周期起", ("周起", "周期开始", "起始日期"), Type.WEEK, required=True),
        Column("is_holiday_week", "是否节日周", ("节日周", "节假日周"), Type.FLAG),
        Column("orders_suspended", "是否停订", ("停订", "暂停订货", "是否暂停订货"), Type.FLAG),
    ),
    key=("week_start",),
    day_column="week_start",
)

KINDS = (BUREAUS, STAFF, CALENDAR)
