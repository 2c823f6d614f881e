import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from alerts.models import Alert, Correction, Grade, Reason, Recheck, Sighting
from sources.models import Batch, Licence, Retailer
from tests import make

pytestmark = pytest.mark.django_db
LATER = dt.date(2026, 3, 9)
AFTER = make.NOW + dt.timedelta(minutes=15)


def page(client, alert):
    response = client.get(alert.get_absolute_url())
    assert response.status_code == 200
    return response


def test_it_says_why_with_parameters_and_source_rows(client, supervisor):
    alert, batch = make.alert(), make.batch(name="订单明细.csv")
    alert.reasons.update(
        parameters={"youngest": 16},
        evidence=[{"source": "orders", "bureau": "451423", "batch_id": batch.pk, "row_no": 12,
                   "day": "2026-03-02", "qty": 92.0, "amount": 123456}],
        elsewhere=3,
    )  # fmt: skip

    response = page(client, alert)

    (reason,) = response.context["reasons"]
    assert reason["evidence_columns"] == ["日期", "数量", "金额"]
    (row,) = reason["evidence_rows"]
    assert row["cells"] == ["2026-03-02", "92", "1234.56"]
    assert (row["file"], row["row_no"]) == ("订单明细.csv", 12)
    assert row["url"] == reverse("sources:import_batch", args=[batch.pk])
    assert reason["parameter_rows"][0]["value"] == 16
    assert reason["others"] == 3
    assert alert.sentence[:4] in response.content.decode().replace("<b>", "")


def test_it_draws_what_was_kept(client, supervisor):
    picture = {
        "chart": {"weeks": ["26-02-23", "26-03-02"], "qty": [27, 92], "lo": [20, 21],
                  "hi": [35, 36], "anom": [1], "from": None, "unit": "条", "finding": "超出常态"},
        "peers": None,
        "order": {"order_id": "D1", "day": "2026-03-02", "at": "2026-03-02T10:20:00",
                  "channel": "手机", "ip": "10.0.0.1", "qty": 92.0, "amount": 2000000},
        "order_lines": [{"sku_name": "真龙", "market_state": "紧俏", "qty": 5.0, "limit_qty": 5.0,
                         "at_limit": True, "over": False, "price": 25000, "amount": 125000}],
    }  # fmt: skip

    response = page(client, make.alert(picture=picture))

    text = response.content.decode()
    assert "超出常态" in text
    assert "顶格" in text
    assert "10:20" in text


def test_it_sets_both_systems_side_by_side(client, supervisor):
    shop = make.retailer(licence_no="451423100001", tier=12)
    Licence.objects.create(
        bureau=shop.bureau, licence_no="451423100002", retailer_code=shop.code,
        valid_from=dt.date(2024, 1, 1), valid_to=dt.date(2029, 1, 1), status="有效",
        known_from=dt.date(2025, 1, 1), batch=make.batch(), row_no=2,
    )  # fmt: skip

    response = page(client, make.alert(subject_id=shop.code))

    compared = response.context["compare"]
    first = compared["rows"][0]
    assert (first["monopoly"], first["sales"], first["differs"]) == (
        "451423100002", "451423100001", True,
    )  # fmt: skip
    assert compared["monopoly_on"] == dt.date(2025, 1, 1)
    assert response.context["retailer_url"].endswith(f"/{shop.code}/")
    assert Retailer.objects.count() == 1


def test_repeats_and_members_of_the_link_are_shown(client, supervisor):
    alert = make.alert(link="2026-03-02|dev-1", link_elsewhere=2, last_on=LATER)
    make.alert(link="2026-03-02|dev-1", subject_name="同链")
    make.alert(link="2026-03-02|dev-1", at=make.bureau("451424"), subject_name="邻县")
    for on, listed in ((alert.on, True), (LATER, False)):
        Sighting.objects.create(
            alert=alert, on=on, score=4, grade="黄", detector="vol_robust", family="VOL",
            sentence="又来了一次很多的订单。", listed=listed,
        )  # fmt: skip

    response = page(client, alert)

    assert [one["on"] for one in response.context["repeats"]] == [LATER]
    assert [one.subject_name for one in response.context["related"]] == ["同链"]
    assert response.context["others"] == 2
    assert "邻县" not in response.content.decode()


@pytest.mark.parametrize(
    ("role", "grade", "claim", "dismiss", "note"),
    [
        (Role.COUNTY_SUPERVISOR, Grade.YELLOW, True, True, ""),
        (Role.COUNTY_SUPERVISOR, Grade.ORANGE, True, False, "橙色预警须由股长排除。"),
        (Role.COUNTY_LEAD, Grade.RED, True, False, "红色预警和涉及人员的预警须经市局排除。"),
        (Role.COUNTY_HEAD, Grade.YELLOW, False, False, ""),
    ],
)
def test_it_shows_the_buttons_that_work(client, log_in, role, grade, claim, dismiss, note):
    log_in(role)

    context = page(client, make.alert(grade=grade)).context

    assert (context["may_claim"], context["may_dismiss"]) == (claim, dismiss)
    assert context["dismiss_note"] == note


def test_the_timeline_names_people(client, supervisor):
    alert = make.alert()
    client.post(reverse("alerts:claim", args=[alert.code]))

    (entry,) = page(client, alert).context["timeline"]

    assert (entry["who"], entry["text"]) == ("李一", "领取")


def test_foreign_hidden_and_unknown_alerts_are_not_found(client, supervisor):
    foreign = make.alert(at=make.bureau("451424"))
    hidden = make.alert(audience=Audience.ABOVE)

    for alert in (foreign, hidden):
        assert client.get(alert.get_absolute_url()).status_code == 404
    assert client.get(reverse("alerts:alert", args=["YJ-1"])).status_code == 404


@pytest.fixture
def corrected(supervisor):
    """An alert whose only row was corrected by a file of the county's."""
    alert, batch = make.alert(), make.batch(name="订单更正.csv")
    reason = alert.reasons.get()
    recheck = Recheck.objects.create(night=make.night(), arrived_at=make.NOW, at=AFTER)
    Correction.objects.create(
        reason=reason, recheck=recheck, verdict="holds", sentence="本次订货60条，为2.2倍。",
        rows=[{"source": "orders", "name": "D123", "column": "qty", "old": 92.0, "new": 60.0,
               "on": "2026-03-03", "batch_id": batch.pk, "row_no": 12}],
    )  # fmt: skip
    return alert


def test_a_correction_stands_beside_the_reason(client, corrected):
    response = page(client, corrected)

    (reason,) = response.context["reasons"]
    (note,) = reason["notes"]
    (row,) = note["rows"]
    assert (row["what"], row["column"], row["old"], row["new"]) == ("订单 D123", "数量", "92", "60")
    assert (row["file"], row["row_no"]) == ("订单更正.csv", 12)
    assert row["url"]
    text = response.content.decode()
    assert "数据有更正" in text
    assert "办结后" not in text
    assert reason["sentence"] == corrected.sentence


def test_a_correction_after_the_close_says_so(client, corrected):
    corrected.state, corrected.closed_at, corrected.causes = "invalid", make.NOW, ["N04"]
    corrected.save()

    assert "办结后数据有更正" in page(client, corrected).content.decode()


def test_without_the_right_to_the_file_it_is_only_named(client, corrected):
    Batch.objects.update(audience=Audience.ABOVE)

    (reason,) = page(client, corrected).context["reasons"]

    assert reason["notes"][0]["rows"][0]["url"] == ""


def test_an_older_reason_is_shown_once_something_came_to_it(client, corrected):
    Reason.objects.create(
        alert=corrected, on=LATER, detector="vol_order", surprise=4, weight=0,
        sentence="又来了一次很多的订单。", numbers={}, parameters={},
    )  # fmt: skip

    newer, older = page(client, corrected).context["reasons"]

    assert (newer["on"], newer["notes"]) == (None, [])
    assert (older["on"], len(older["notes"])) == (corrected.on, 1)


def test_a_late_reason_bears_a_mark(client, corrected):
    Reason.objects.update(recheck=Recheck.objects.get())

    assert "3-3 补报" in page(client, corrected).content.decode()


def test_the_number_of_queries_is_small(client, supervisor, django_assert_max_num_queries):
    alert = make.alert(link="x")
    make.event()
    for _other in range(30):
        make.alert(link="x")

    with django_assert_max_num_queries(14):  # eight of them are the frame's: session, walls ...
        page(client, alert)


def test_a_full_page_takes_few_queries_too(client, corrected, django_assert_max_num_queries):
    shop = make.retailer()
    Alert.objects.update(subject_id=shop.code, last_on=LATER, link="x")

    with django_assert_max_num_queries(19):
        page(client, corrected)
