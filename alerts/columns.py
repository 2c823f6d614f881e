"""What people call the tables and columns of the facts: for evidence and for what is missing."""

from collections.abc import Iterable

TABLES = {
    "retailers": "零售客户档案",
    "licences": "许可证",
    "staff": "人员",
    "skus": "卷烟目录",
    "limits": "投放策略",
    "calendar": "订货日历",
    "orders": "订单",
    "lines": "订单明细",
    "deliveries": "配送",
    "payments": "结算",
    "visits": "市场检查",
    "changes": "客户信息变更",
    "seizures": "外流反馈",
    "complaints": "投诉举报",
    "pos_sales": "终端动销",
    "market_prices": "市场价格",
    "logins": "网订日志",
    "coding": "打码",
    "calls": "通话录音",
    "cancelled": "已取消订单",
    "interviews": "电话询访记录",
}
COLUMNS = {
    "account": "账户", "action": "操作", "address": "经营地址", "agent": "坐席",
    "amend_count": "修改次数", "amount": "金额", "approver": "审批人", "at": "时间",
    "biz_type": "业态", "bound_account": "结算账户", "case_no": "案号", "category": "类别",
    "chain_id": "连锁编码", "channel": "方式", "code32": "32位码", "coded_qty": "打码量",
    "courier_id": "送货员", "credit_grade": "诚信等级", "day": "日期", "delivered_qty": "送达量",
    "device_id": "设备标识", "exception": "异常", "field": "变更项目", "file": "文件",
    "floor_area": "经营面积", "own_store": "自营店", "gps_offset_m": "签收偏离", "holder": "持证人", "inspectors": "检查人", "ip": "IP",
    "ip_city": "IP归属地", "kind": "类型", "ordered_by": "自述下单人",
    "related_retailers": "亲属经营申报", "sign_lat": "签收纬度", "sign_lon": "签收经度",
    "is_focus": "重点关注", "known_on": "获知日期", "is_holiday_week": "节假日周", "last_amended_by": "最后修改人",
    "lat": "纬度", "launch_date": "上市日期", "licence_no": "许可证号", "licensee": "负责人",
    "limit_qty": "限量", "lon": "经度", "manager_id": "客户经理", "market_state": "市场状态",
    "market_type": "市场类型", "name": "名称", "new_value": "变更后", "old_value": "变更前",
    "open_date": "入网日期", "operator": "操作人", "order_channel": "订货方式",
    "order_cycle_weeks": "订货周期", "order_day": "订货日", "order_id": "订单号",
    "orders_suspended": "停止订货", "origin": "省内外", "owner_id": "证件号码",
    "paid_amount": "付款金额", "payer_account": "付款账户", "payer_name": "付款户名",
    "phone": "电话", "pickup_point": "定点取货", "place": "查获地", "placed_by": "操作账号",
    "price": "价格", "price_class": "价类", "published_on": "公示日期", "qty": "数量",
    "qty_need": "需求量", "record_id": "录音编号", "result": "结果", "retail_price": "建议零售价",
    "retailer_id": "客户编码", "role": "岗位", "route": "送货线路", "seconds": "时长",
    "shop_open": "是否营业", "sign_by": "签收方式", "signed_at": "签收时间", "sku_id": "卷烟编码",
    "sku_name": "卷烟名称", "sorted_qty": "分拣量", "staff_id": "工号", "started_at": "开始时间",
    "status": "状态", "status_date": "状态日期", "subject": "被反映人", "text": "内容",
    "ticket_no": "工单号", "tier": "档位", "town": "乡镇", "valid_from": "有效期起",
    "valid_to": "有效期止", "week_start": "周期起", "wholesale_price": "批发价",
    "case_qty": "该案共", "bureau": "县公司", "batch_id": "导入批次", "row_no": "行号", "owner": "经营者",
    "others": "其他户数", "device": "设备标识", "delivered_on": "送货日期", "paid_on": "扣款日期",
    "is_cancelled": "作废", "is_return": "退货",
}  # fmt: skip


def column_title(column: str) -> str:
    """A column in words; one that nobody named stays as it is."""
    return COLUMNS.get(column, column)


def in_words(columns: Iterable[str]) -> str:
    """ "table.column"s in words, by table: 「订单的IP、设备标识；配送的送达量」."""
    by_table: dict[str, list[str]] = {}
    for one in columns:
        table, column = one.split(".")
        by_table.setdefault(table, []).append(column_title(column))
    return "；".join(f"{TABLES[table]}的{'、'.join(names)}" for table, names in by_table.items())
