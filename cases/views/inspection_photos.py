"""Photographs and recordings of a visit: the page, one upload at a time, the files themselves."""

import datetime as dt
import uuid as uuids
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from cases.actions.inspections_sealing import PICTURED
from cases.actions.photos import PICTURES, Shot, add_photo, remove_photo
from cases.content import photos_of
from cases.forms.inspections import PhotoForm, ReasonForm
from cases.models import Inspection, Photo
from cases.sections import PHOTOS
from cases.views.inspection_access import WRITING, check, found_inspection, frame, say
from documents.pictures import preview
from documents.serving import serve

SMALL = 480  # pixels
SLACK = dt.timedelta(hours=1)  # a camera's clock may be off


def photos_page(request: StaffRequest, found: Inspection) -> HttpResponse:
    """Shown to readers; an officer's POST adds one file."""
    if request.method == "POST":
        return _add(request, found)
    photos = photos_of(found)
    kinds = {photo.kind for photo in photos}
    context = {
        **frame(request, found, PHOTOS),
        "photos": [_shown(found, photo) for photo in photos],
        "kinds": Photo.Kind.choices,
        "wanted": [(kind.value, kind.label, kind in kinds) for kind in PICTURED],
        "uuid": uuids.uuid4(),
    }
    return render(request, "cases/inspection_photos.html", context)


def _shown(found: Inspection, photo: Photo) -> dict[str, Any]:
    early = found.started_at and photo.taken_at < found.started_at - SLACK
    late = photo.taken_at > (found.ended_at or timezone.now()) + SLACK
    return {
        "photo": photo,
        "is_picture": photo.file.content_type in PICTURES,
        "is_sound": photo.file.content_type.startswith(("audio/", "video/")),
        "odd_time": bool(early or late),
    }


def _add(request: StaffRequest, found: Inspection) -> HttpResponse:
    """One upload. The page's script asks for each file alone and gets its tile back."""
    form = PhotoForm(request.POST, request.FILES)
    alone = "X-One-File" in request.headers
    try:
        given = check(form)
        shot = Shot(
            uuid=given["uuid"],
            kind=Photo.Kind(given["kind"]),
            caption=given["caption"],
            stream=given["file"],
            name=given["file"].name,
            place=form.place(),
        )
        photo = add_photo(inspection=found, shot=shot, by=request.user, now=timezone.now())
    except ValidationError as error:
        if alone:
            return HttpResponse("".join(error.messages), status=400)
        say(request, error)
        return redirect(request.path)
    if alone:
        context = {"inspection": found, "may_write": True, "one": _shown(found, photo)}
        return render(request, "cases/_inspection_photo.html", context, status=201)
    messages.success(request, f"已上传 {photo}。")
    return redirect(request.path)


@require_POST
def remove(request: StaffRequest, code: str, number: int) -> HttpResponse:
    found = found_inspection(request, code, WRITING)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        remove_photo(inspection=found, number=number, reason=reason, by=request.user)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, "已从记录中移除；原文件仍留存备查。")
    return redirect("cases:inspection_section", found.code, PHOTOS.key)


@require_safe
def photo(request: StaffRequest, code: str, number: int) -> HttpResponseBase:
    """The original as it came."""
    found = found_inspection(request, code)
    one = _photo(found, number)
    wanted = request.headers.get("Range", "")
    return serve(one.file, inline=True, name=one.file.name, wanted=wanted)


@require_safe
def small(request: StaffRequest, code: str, number: int) -> HttpResponse:
    """A small upright copy for the page, without what the camera wrote into it."""
    found = found_inspection(request, code)
    one = _photo(found, number)
    if one.file.content_type not in PICTURES:
        raise Http404
    try:
        with (Path(settings.MEDIA_ROOT) / one.file.path).open("rb") as stream:
            response = HttpResponse(preview(stream, side=SMALL), content_type="image/jpeg")
    except (OSError, ValidationError):
        raise Http404 from None
    patch_cache_control(response, private=True, max_age=86_400, immutable=True)
    return response


def _photo(found: Inspection, number: int) -> Photo:
    photos = found.photos.prefetch_related("file")
    one: Photo = get_object_or_404(photos, number=number)
    return one
