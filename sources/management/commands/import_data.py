import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Bureau
from accounts.walls import ALL, open_walls
from sources.actions.folders import files_in, find_home, import_path, is_bureaus, top_bureau
from sources.importing.contract import Unreadable
from sources.models import Batch

TITLES = {
    "rows": "数据行",
    "added": "新增",
    "changed": "更正",
    "unchanged": "未变",
    "rejected": "拒绝",
    "held": "暂存",
    "duplicates": "重复",
    "cancelled": "已取消",
    "returns": "退货",
    "seconds": "秒",
}


class Command(BaseCommand):
    help = "导入一个文件夹或一个文件；每个文件都读得了时退出码为 0"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("place", type=Path, metavar="FOLDER_OR_FILE")
        parser.add_argument("--bureau", metavar="CODE", help="文件所属机构的编码")
        parser.add_argument("--json", type=Path, metavar="REPORT", help="把报告写成 JSON")

    def handle(self, *args: Any, place: Path, bureau: str | None, **options: Any) -> None:  # noqa: ARG002
        """Import file after file, each in a transaction of its own."""
        if not place.exists():
            raise CommandError(f"找不到 {place}。")
        paths = files_in(place)
        home = self._named(bureau) if bureau else None
        reports: dict[str, dict[str, Any]] = {}
        self.stdout.write("\t".join(["文件", "种类", *TITLES.values()]))
        for path in paths:
            with transaction.atomic():
                open_walls(ALL)
                if home is None and not is_bureaus(path):
                    home = find_home(paths=paths)
            reports[path.name] = self._import(path, home)
        if options["json"]:
            options["json"].write_text(json.dumps(reports, ensure_ascii=False, indent=1))
        unread = [name for name, report in reports.items() if "error" in report]
        if unread or not reports:
            self.stderr.write(f"没有读成：{'、'.join(unread)}" if unread else "没有可导入的文件。")
            sys.exit(1)

    def _named(self, code: str) -> Bureau:
        with transaction.atomic():
            open_walls(ALL)
            bureau = Bureau.objects.select_related("parent").filter(code=code).first()
        if bureau is None:
            raise CommandError(f"没有编码为 {code} 的机构。")
        return bureau

    def _import(self, path: Path, home: Bureau | None) -> dict[str, Any]:
        """Import one file and print its line; an unreadable one says why."""
        with transaction.atomic():
            open_walls(ALL)
            try:
                place = home or top_bureau(path=path)
                batch = import_path(path=path, bureau=place, by=None, at=timezone.now())
            except Unreadable as error:
                return self._refused(path, error.message)
            if batch.state == Batch.State.REFUSED:
                return self._refused(path, batch.refusal)
        report = {name: batch.report[name] for name in ("kind", *TITLES)}
        self.stdout.write("\t".join([path.name, *map(str, report.values())]))
        if off := batch.report.get("totals_off"):
            self.stderr.write(f"{path.name} 合计不符：{off}")
        return {**report, "totals": batch.report["totals"]}

    def _refused(self, path: Path, reason: str) -> dict[str, Any]:
        self.stdout.write(f"{path.name}\t未导入\t{reason}")
        return {"error": reason}
