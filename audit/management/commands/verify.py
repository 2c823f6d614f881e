import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from audit.models import Event
from audit.verification import Fault, Result, check_chain, events, verify


class Command(BaseCommand):
    help = "Check every hash chain, file digest and signed record; exit 1 on any fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checkpoint", help="a checkpoint file kept outside")
        parser.add_argument(
            "--receipt", action="append", default=[], help="NUMBER:FIRST_HEX_DIGITS"
        )

    def handle(self, *, checkpoint: str | None, receipt: list[str], **options: Any) -> None:  # noqa: ARG002
        results = verify()
        if checkpoint:
            results.append(self._against_checkpoint(Path(checkpoint)))
        if receipt:
            results.append(self._against_receipts(receipt))
        for result in results:
            verdict = "正常" if not result.faults else f"{len(result.faults)} 处异常"
            self.stdout.write(f"{result.checker:<24} 检查 {result.looked_at:>9,} 项  {verdict}")
            for fault in result.faults[:200]:
                self.stdout.write(f"    {fault.where}：{fault.what}")
        if any(result.faults for result in results):
            raise SystemExit(1)

    def _against_checkpoint(self, path: Path) -> Result:
        result = Result("audit.checkpoint_file")
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            roots = {int(kept["size"]): str(kept["root"])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            result.faults.append(Fault(str(path), f"检查点文件无法读取：{error}"))
            return result
        check_chain(events(), result, roots)
        return result

    def _against_receipts(self, receipts: list[str]) -> Result:
        result = Result("audit.receipts", looked_at=len(receipts))
        for receipt in receipts:
            number, _, digits = receipt.partition(":")
            stored = Event.objects.filter(number=number) if number.isdecimal() else None
            event = stored.first() if stored is not None else None
            if event is None or not digits or not event.hash.startswith(digits.lower()):
                result.faults.append(Fault(f"回执 {receipt}", "与记录不符"))
        return result
