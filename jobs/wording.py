"""What job kinds and services are called on the health page."""

KINDS = {
    "worker": "后台执行进程",
    "sources.import_file": "导入文件",
    "sources.scan_inbox": "扫描监控文件夹",
    "sources.imported": "查看导入是否涉及已检测的日期",
    "alerts.start_nights": "安排夜间检测",
    "alerts.start_night": "按要求检测某一天",
    "alerts.find": "夜间检测：查找",
    "alerts.grade": "夜间检测：定级与推送",
    "alerts.recheck": "补报或更正后重新比对某一天",
    "alerts.back_test": "规则回测",
    "alerts.supervise": "分类监管：更新名单与任务",
    "alerts.trace_seizure": "追溯登记的查获条码",
    "alerts.weekly": "每周随机样本与权重建议",
    "alerts.revive_watched": "关注到期的预警重新推送",
    "cases.print_record": "生成记录 PDF",
    "reports.draft": "生成月度报告草稿",
    "reports.remind": "月度报告到期提醒",
    "audit.checkpoint": "审计检查点",
}
