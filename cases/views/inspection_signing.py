"""Reading, signing and sealing a visit's record; afterwards the record, its supplements and its paper."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from cases.actions import signing
from cases.actions.inspections_sealing import SIGNED, final_content, seal_inspection
from cases.actions.sealing import add_addendum, canonical, receipt_of
from cases.content import UNSIGNED
from cases.forms.inspections import SignForm, SupplementForm, UnsignedForm
from cases.models import Addendum, Inspection, Paper, Photo, SealedRecord, Signature
from cases.papers import inspection_paper, pictures_of
from cases.reading import parts_of, signatures_of
from cases.sections import SIGN, STATEMENT
from cases.views.inspection_access import WRITING, alert_of, check, found_inspection, say
from documents.rendering import render as render_paper
from documents.serving import serve
from sources.crypto import unseal

Who, Method = Signature.Who, Signature.Method


def sign_page(request: StaffRequest, found: Inspection, context: dict[str, Any]) -> HttpResponse:
    """The whole text to read with its digest, and whose signatures stand under it."""
    content = final_content(found)
    record: Any = content["record"]
    signatures = {one.who: one for one in found.signatures.all()}
    context |= {
        "parts": parts_of(record),
        "digest": content["record_sha256"],
        "statement": STATEMENT,
        "signers": [_signer(request, found, who, signatures.get(who)) for who in _wanted(found)],
        "gaps": [words for key, words in context["missing"] if key != SIGNED],
        "unsigned_now": found.signed in UNSIGNED,
        "papers": [one for one in found.photos.all() if one.kind == Photo.Kind.PAPER],
        "unsigned_kinds": [
            (kind.value, kind.label) for kind in Inspection.Signed if kind in UNSIGNED
        ],
        "may_seal": request.user == found.first_officer and context["may_write"],
    }
    return render(request, "cases/inspection_sign.html", context)


def _wanted(found: Inspection) -> list[Signature.Who]:
    """Who is to sign: the retailer, or in their stead a witness; both officers."""
    if found.signed not in UNSIGNED:
        return [Who.RETAILER, Who.FIRST, Who.SECOND]
    if found.signed == Inspection.Signed.ABSENT:
        return [Who.FIRST, Who.SECOND]
    return [Who.WITNESS, Who.FIRST, Who.SECOND]


def _signer(
    request: StaffRequest, found: Inspection, who: Signature.Who, signed: Signature | None
) -> dict[str, Any]:
    officers = {Who.FIRST: found.first_officer, Who.SECOND: found.second_officer}
    officer = officers.get(who)
    present = unseal(found.content.get("premises", {}).get("present_name", ""))
    names = {Who.RETAILER: present, Who.WITNESS: found.witness}
    methods = [Method.DRAWN, Method.TYPED]
    return {
        "who": who,
        "title": who.label,
        "name": officer.name if officer else names[who],
        "is_officer": officer is not None,
        "signed": signed,
        "may_sign": officer is None or officer == request.user,
        "methods": methods if officer else [*methods, Method.PAPER],
        "picture_url": _picture_url(found, signed),
    }


def _picture_url(found: Inspection, signed: Signature | None) -> str:
    if signed is None or signed.method != Method.DRAWN:
        return ""
    return reverse("cases:inspection_signature", args=[found.code, signed.who])


@require_POST
def sign(request: StaffRequest, code: str) -> HttpResponse:
    found = found_inspection(request, code, WRITING)
    form = SignForm(request.POST)
    try:
        given = check(form)
        made = signing.sign(
            inspection=found,
            who=Who(given["who"]),
            hand=form.hand(),
            shown=given["shown"],
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, f"{made.get_who_display()}已签字。")
    return redirect("cases:inspection_section", found.code, SIGN.key)


@require_POST
def unsigned(request: StaffRequest, code: str) -> HttpResponse:
    """Note a refusal, inability or absence; or take the note back."""
    found = found_inspection(request, code, WRITING)
    form = UnsignedForm(request.POST)
    try:
        given = check(form)
        signing.note_unsigned(inspection=found, by=request.user, **given)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, "已登记。" if given["kind"] else "已撤销登记，请当事人签字。")
    return redirect("cases:inspection_section", found.code, SIGN.key)


@require_POST
def seal(request: StaffRequest, code: str) -> HttpResponse:
    found = found_inspection(request, code, WRITING)
    try:
        seal_inspection(inspection=found, by=request.user, now=timezone.now())
    except ValidationError as error:
        say(request, error)
        return redirect("cases:inspection_section", found.code, SIGN.key)
    messages.success(request, "记录已封存，PDF 正在生成。")
    return redirect(found)


def record_page(request: StaffRequest, found: Inspection) -> HttpResponse:
    """The sealed record, from the sealed text."""
    sealed = SealedRecord.objects.select_related("sealed_by").get(code=found.code)
    content = json.loads(sealed.text)
    paper = Paper.objects.filter(record=sealed).exists()
    context = {
        "inspection": found,
        "sealed": sealed,
        "content": content,
        "receipt": receipt_of(sealed),
        "parts": parts_of(content["record"]),
        "signatures": [
            {"signed": one, "url": _drawn_url(found, raw)}
            for one, raw in zip(signatures_of(content), _ordered(content), strict=True)
        ],
        "statement": STATEMENT,
        "photos": content["record"]["photos"] + content["papers"],
        "has_paper": paper,
        "alert": alert_of(request.user, found),
        "addenda": Addendum.objects.filter(code=found.code).select_related("by").order_by("number"),
        "form": SupplementForm(),
        "may_supplement": _may_supplement(request, found),
    }
    return render(request, "cases/inspection_record.html", context)


def _ordered(content: dict[str, Any]) -> list[dict[str, Any]]:
    order = list(Who.values)
    return sorted(content["signatures"], key=lambda one: order.index(one["who"]))


def _drawn_url(found: Inspection, raw: dict[str, Any]) -> str:
    if raw["method"] != Method.DRAWN:
        return ""
    return reverse("cases:inspection_signature", args=[found.code, raw["who"]])


def _may_supplement(request: StaffRequest, found: Inspection) -> bool:
    return request.user in (found.first_officer, found.second_officer)


@require_POST
def supplement(request: StaffRequest, code: str) -> HttpResponse:
    """Add to a sealed record, by one of its officers; the record itself stays."""
    found = found_inspection(request, code, WRITING)
    form = SupplementForm(request.POST)
    if found.state != Inspection.State.SEALED or not _may_supplement(request, found):
        messages.error(request, "只有两名核查人可以补充已封存的记录。")
    elif not form.is_valid():
        messages.error(request, "请写明补充内容，至少 5 个字。")
    else:
        add_addendum(
            code=found.code, bureau=found.bureau, text=form.cleaned_data["text"], by=request.user,
            at=timezone.now(),
        )  # fmt: skip
        messages.success(request, "已补充。")
    return redirect(found)


@require_safe
def signature(request: StaffRequest, code: str, who: str) -> HttpResponseBase:
    """The picture of a drawn signature."""
    found = found_inspection(request, code)
    one = found.signatures.prefetch_related("picture").filter(who=who).first()
    if one is None or one.picture is None:
        raise Http404
    return serve(one.picture, inline=True, name=one.picture.name)


@require_safe
def record_pdf(request: StaffRequest, code: str) -> HttpResponseBase:
    """The paper: a draft to sign by hand while the visit lasts, then the one that was sealed."""
    found = found_inspection(request, code)
    if found.state == Inspection.State.SEALED:
        paper = Paper.objects.filter(record__code=found.code).prefetch_related("file").first()
        if paper is None:
            messages.error(request, "PDF 正在生成，请过几秒再打开。")
            return redirect(found)
        return serve(paper.file, inline=True, name=f"{found.code}.pdf")
    if found.started_at is None:
        messages.error(request, "核查还没有开始，没有可打印的记录。")
        return redirect(found)
    content = final_content(found)
    text = canonical(content)
    made = render_paper(
        inspection_paper(
            json.loads(text), pictures=pictures_of(content), at=found.started_at, draft=True
        )
    )
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.code}-draft.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
