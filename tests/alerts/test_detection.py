"""The contract of every detector, those to come included. A detector without a test module fails.

The module tests/alerts/detectors/test_<key>.py gives `guilty()` (facts in which the detector finds
somebody) and `ON` (the day).
"""

import ast
import dataclasses
import datetime as dt
import functools
import importlib
import inspect
import json
import math
import pathlib
import re
import sys

import ibis
import pyarrow as pa
import pytest
from ibis.backends.sql.compilers import PostgresCompiler, PySparkCompiler

from alerts.actions.finding import as_json
from alerts.detection import FAMILIES, GRADES
from alerts.detectors import all_detectors
from alerts.deviation import said_size, size_of
from sources.facts import COLUMNS, LINEAGE, Facts, schema
from sources.facts import rows as plain
from tests.tables import facts

CLASSES = all_detectors()
TEXTS = ("title", "looks_for", "why_it_matters", "innocent_causes", "next_steps")
NUMBERS = {"order_id", "case_no", "ticket_no", "record_id"}
MOMENTS = {"at", "signed_at", "started_at"}
# What nobody can be told aloud: terms of statistics, pieces of keyed hashes, numbers of staff.
JARGON = r"标准差|方差|指数|中位|代号|工号|[zZ]值|[σ×]|\blg|log|\b(?=[0-9a-f]*[a-f])[0-9a-f]{8,}"
UNPORTABLE = {"truncate", "hash", "hexdigest", "approx_median", "group_concat", "collect", "mode"}


class SparkOptions(ibis.config.Config):  # type: ignore[misc]  # ibis ships no types
    """What importing pyspark would set."""

    treat_nan_as_null: bool = False


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.key)
def detector(request):
    return request.param()


@pytest.fixture
def example(detector):
    return importlib.import_module(f"tests.alerts.detectors.test_{detector.key}")


@pytest.fixture
def found(detector):
    return _seen(detector.key)[0]


@pytest.fixture
def evidence(detector):
    return _seen(detector.key)[1]


@functools.cache
def _seen(key):
    """What a detector finds in its own example, and its evidence: computed once for all tests."""
    (cls,) = [cls for cls in CLASSES if cls.key == key]
    example = importlib.import_module(f"tests.alerts.detectors.test_{key}")
    found, evidence = everything(cls(), example.guilty(), example.ON)
    return in_order(found), in_order(evidence)


def source_of(detector):
    return inspect.getsource(sys.modules[type(detector).__module__])


def in_order(table):
    """Rows with numbers to nine digits (logarithms differ in their last bits), in one order."""
    rounded = [
        {
            name: round(value, 9) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in plain(table)
    ]
    return sorted(rounded, key=str)


def memory(tables: dict[str, pa.Table]) -> Facts:
    return Facts(tables={k: ibis.memtable(v, schema=schema(k)) for k, v in tables.items()})


def arrow(example: Facts) -> dict[str, pa.Table]:
    return {name: table.to_pyarrow() for name, table in example.tables.items()}


def with_a_later_week(example: Facts, on: dt.date) -> Facts:
    """The example, and all its dated rows once more in the week after `on`, under new numbers."""
    tables = {}
    for name, table in arrow(example).items():
        rows = table.to_pylist()
        if "day" in COLUMNS[name]:
            rows += [later(row, on) for row in rows]
        tables[name] = pa.Table.from_pylist(rows, schema=table.schema)
    return memory(tables)


def later(row, on: dt.date):
    day = on + dt.timedelta(days=1 + row["row_no"] % 7)
    moved = dict(row, day=day, row_no=row["row_no"] + 1000)
    if row.get("week_start"):
        moved["week_start"] = day - dt.timedelta(days=day.weekday())
    for name in NUMBERS & row.keys():
        moved[name] = f"{row[name]}-later"
    for name in MOMENTS & row.keys():
        moved[name] = dt.datetime.combine(day, row[name].time()) if row[name] else None
    return moved


def test_every_test_module_has_its_detector():
    folder = pathlib.Path(__file__).parent / "detectors"
    tested = {path.stem.removeprefix("test_") for path in folder.glob("test_*.py")}

    assert tested == {cls.key for cls in CLASSES}


def test_it_says_what_it_is(detector):
    assert type(detector).__module__ == f"alerts.detectors.{detector.key}"
    assert re.fullmatch(r"[a-z][a-z_]+", detector.key)
    assert len(detector.key) <= 50
    assert detector.code
    assert detector.family in FAMILIES
    assert detector.scope in {"bureau", "all"}
    assert detector.subject in {"retailer", "sku", "staff", "route", "bureau"}
    assert dataclasses.fields(detector) is not None
    assert detector == type(detector)(), "frozen: equal parameters are the same detector"


def test_links_cross_counties(detector):
    assert detector.family not in {"LINK", "CASE"} or detector.scope == "all"


@pytest.mark.parametrize("text", TEXTS)
def test_it_explains_itself_in_chinese(detector, text):
    words = getattr(detector, text)

    assert len(re.findall(r"[\u4e00-\u9fff]", words)) >= 5
    assert words == words.strip()
    if text != "title":
        assert words.endswith("。")
        assert not re.search(r"[,;:!?](?!\d)", words), "Chinese text has Chinese punctuation"


def test_its_next_steps_are_two_or_three(detector):
    assert 2 <= len(re.findall("[一二三]、", detector.next_steps)) <= 3


def test_every_parameter_is_declared_with_its_meaning_and_its_range(detector):
    for field in dataclasses.fields(detector):
        limits = field.metadata
        assert set(limits) == {"help", "unit", "low", "high", "source"}, field.name
        assert re.search(r"[\u4e00-\u9fff]", limits["help"])
        assert limits["source"]
        assert limits["low"] <= field.default <= limits["high"]
        for wrong in (limits["low"] - 1, limits["high"] + 1):
            with pytest.raises(ValueError, match=field.name):
                type(detector)(**{field.name: wrong})


def test_no_number_of_a_rule_hides_in_a_class_attribute(detector):
    """Limits are parameters, so that a province can set its own."""
    declared = {field.name for field in dataclasses.fields(detector)} | {
        "weight",
        "statutory",
        "worklist",
    }
    hidden = {
        name
        for name, value in vars(type(detector)).items()
        if isinstance(value, int | float) and not name.startswith("_") and name not in declared
    }

    assert not hidden


def test_its_inputs_exist_and_all_are_needed(detector, example):
    """An undeclared column is not seen; one declared for nothing would switch it off for nothing."""
    for name in detector.inputs:
        table, column = name.split(".")
        assert column in {**COLUMNS[table], **LINEAGE}, name
    assert len(set(detector.inputs)) == len(detector.inputs)
    assert set(detector.optional) <= set(detector.inputs)
    for name in detector.inputs:
        rest = [other for other in detector.inputs if other != name]
        if any(other.startswith(name.split(".")[0] + ".") for other in rest):
            with pytest.raises((AttributeError, ibis.common.exceptions.IbisError)):
                everything(detector, example.guilty().only(rest), example.ON)


def everything(detector, tables, on):
    """Both expressions, not run: a missing column already shows when they are built."""
    found = detector.find(tables, on)
    return found, detector.evidence(tables, on, found)


def test_it_needs_nothing_that_it_calls_optional(detector, example):
    def without(table, column):
        tables = arrow(example.guilty())
        if table in tables:
            empty = pa.nulls(len(tables[table]), tables[table].schema.field(column).type)
            place = tables[table].schema.get_field_index(column)
            tables[table] = tables[table].set_column(place, column, empty)
        return memory(tables)

    for name in detector.optional:
        tables = without(*name.split("."))
        found, evidence = everything(detector, tables, example.ON)
        assert plain(found) is not None
        assert plain(evidence) is not None


def test_it_says_what_it_waits_for(detector):
    tables = facts(missing=frozenset(detector.inputs))

    assert detector.waits_for(tables) == sorted(set(detector.inputs) - set(detector.optional))


def test_it_finds_nothing_in_empty_tables(detector):
    found, evidence = everything(detector, facts(), dt.date(2026, 3, 2))

    assert plain(found) == []
    assert plain(evidence) == []


def test_it_finds_its_guilty_example_once_a_subject(detector, found):
    assert found
    assert len({row["subject_id"] for row in found}) == len(found)
    for row in found:
        assert isinstance(row["subject_id"], str)
        assert isinstance(row["surprise"], float)
        assert 0 <= row["surprise"] < 50
        if detector.family == "LINK":
            assert row["link"]
        if detector.scope == "all" and detector.subject == "retailer":
            assert row["bureau"]


def test_the_size_of_its_deviation_is_a_number_that_people_read(detector, found):
    assert getattr(detector, "measure", "") not in {"surprise", "sigmas", "z", "rate"}, "no measure"
    for row in found:
        size = detector.size(row)
        assert isinstance(size, float)
        assert 0 < size < math.inf
        said = said_size(detector.key, size)
        assert len(re.findall(r"[\u4e00-\u9fff]", said)) >= 3
        assert not re.search(r"[{}%]{2}|nan|inf|\d\.\d{3}", said), said


def test_the_size_can_be_told_of_a_stored_row(detector, found):
    for row in found:
        stored = json.loads(json.dumps({name: as_json(cell) for name, cell in row.items()}))
        assert size_of(detector, stored, row["surprise"]) == pytest.approx(detector.size(row))


PAIRS = {
    "acct_share",
    "dev_share",
    "info_shared",
    "ip_burst",
    "ip_repeat",
    "phone_share",
    "same_owner",
}


def test_a_link_of_two_names_the_other_shop(detector, found):
    if detector.key not in PAIRS:
        return
    pairs = {row["subject_id"]: row["other"] for row in found if row["others"] == 1}
    for shop, other in pairs.items():
        assert other
        assert other != shop
        assert pairs.get(other, shop) == shop


def test_its_sentence_is_readable(detector, found):
    for row in found:
        sentence = detector.sentence(row)
        assert 10 <= len(sentence) <= 120, sentence
        assert sentence.endswith("。")
        assert len(re.findall(r"[\u4e00-\u9fff]", sentence)) >= 8
        assert not re.search(r"nan|None|inf\b|[{}]|\d\.\d{4,}|\d{4}-\d\d-\d\dT", sentence), sentence
        assert not re.search(r"[0-9a-f]{16,}", sentence), "a keyed hash means nothing to a reader"


def test_its_sentence_can_be_read_aloud_to_a_retailer(detector, found):
    for row in found:
        assert not re.search(JARGON, detector.sentence(row)), detector.sentence(row)


def test_its_sentence_names_no_other_shop_and_nobody_of_the_staff(detector, example, found):
    tables = arrow(example.guilty())
    codes = {
        row[column]
        for table, column in (("retailers", "retailer_id"), ("staff", "staff_id"))
        if table in tables
        for row in tables[table].to_pylist()
    }
    for row in found:
        others = codes - {row["subject_id"], row.get("licence_no")}
        told = re.findall(r"[A-Za-z]+[A-Za-z0-9_-]*", detector.sentence(row))
        assert not others & set(told), detector.sentence(row)


def test_it_accuses_nobody(detector, found):
    """A sentence says what was seen; whether it was wrong is for people to find out."""
    for text in (detector.title, *map(detector.sentence, found)):
        assert not re.search("违法|违规|犯罪|套购|倒卖|非法|确定|证实|嫌疑", text), text


def test_its_judgements_of_a_row_have_the_right_types(detector, found):
    for row in found:
        assert detector.floor(row) in {None, *GRADES}
        assert detector.staff_concerned(row) in {True, False}
        assert detector.hit(row) in {True, False}
        assert detector.statutory or detector.worklist or not detector.hit(row)


def test_it_shows_source_rows_for_whatever_it_finds(example, found, evidence):
    assert {row["subject_id"] for row in evidence} == {row["subject_id"] for row in found}
    known = source_rows(example.guilty())
    for row in evidence:
        assert (row["source"], row["bureau"], row["batch_id"], row["row_no"]) in known
    for subject in {row["subject_id"] for row in evidence}:
        own = [row for row in evidence if row["subject_id"] == subject]
        places = {(row["source"], row["batch_id"], row["row_no"]) for row in own}
        assert len(places) == len(own), "a row is shown once"
        assert len(own) <= 50


def source_rows(example):
    return {
        (name, row["bureau"], row["batch_id"], row["row_no"])
        for name, table in arrow(example).items()
        for row in table.to_pylist()
    }


def test_its_evidence_stays_within_the_subjects_bureau(found, evidence):
    """A county sees its own rows; those of others are a number in the sentence."""
    home = {row["subject_id"]: row.get("bureau") for row in found}

    for row in evidence:
        assert home[row["subject_id"]] in {row["bureau"], None}  # None: it runs inside one bureau


def test_it_reads_only_its_declared_inputs(detector, example, found, evidence):
    narrow, shown = everything(detector, example.guilty().only(detector.inputs), example.ON)

    assert in_order(narrow) == found
    assert in_order(shown) == evidence


def test_it_does_not_look_ahead(detector, example, found, evidence):
    tables = with_a_later_week(example.guilty(), example.ON)
    then, shown = everything(detector, tables, example.ON)

    assert in_order(then) == found
    assert in_order(shown) == evidence


def test_the_order_of_the_rows_means_nothing(detector, example, found):
    turned = {name: table[::-1] for name, table in arrow(example.guilty()).items()}

    assert in_order(detector.find(memory(turned), example.ON)) == found


def test_it_reads_no_clock_and_throws_no_dice(detector):
    """`on` alone decides, so an old day can be computed again."""
    assert not re.search(
        r"\.(today|now|utcnow)\(|ibis\.(now|today|random)|import (random|time)\b",
        source_of(detector),
    )


@pytest.mark.parametrize("compiler", [PostgresCompiler, PySparkCompiler], ids=lambda c: c.__name__)
def test_it_is_portable(detector, example, compiler, monkeypatch):
    """It compiles for the other engines, and calls nothing that they are known to do differently."""
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    for table in everything(detector, example.guilty(), example.ON):
        assert compiler().to_sqlglot(table).sql(compiler.dialect)
    tree = ast.parse(source_of(detector))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & UNPORTABLE
