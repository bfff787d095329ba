"""The interface's reference as a page, written from its own description; no script from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from recutis.web.access import EVERYONE, PUBLIC, allow, silent
from recutis.web.api.door import api


def description() -> dict[str, Any]:
    """The OpenAPI description of the interface."""
    return dict(api.get_openapi_schema(path_prefix="/api/"))


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any value").replace("-", " ")


def _fields(schema: Mapping[str, Any]) -> list[dict[str, object]]:
    needed = schema.get("required", ())
    return [
        {"name": name, "type": _type(one), "words": one.get("description", ""), "required": name in needed}
        for name, one in schema.get("properties", {}).items()
    ]


def _operations(schema: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            good = next((code, answer) for code, answer in one["responses"].items() if int(code) < 400)
            content: dict[str, Any] = next(iter(good[1].get("content", {}).values()), {})
            body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            yield {
                "tag": one.get("tags", ["other"])[0],
                "method": method.upper(),
                "path": path,
                "words": one.get("description", one["summary"]),
                "parameters": [
                    {"name": each["name"], "place": each["in"], "type": _type(each["schema"]), "required": each.get("required"),
                     "words": each.get("description", "")}
                    for each in one.get("parameters", ())
                ],
                "body": _type(body) if body else "",
                "answer": f"{good[0]} {_type(content.get('schema', {})) if content else 'nothing'}",
            }  # fmt: skip


@cache
def _parts() -> tuple[list[tuple[str, list[dict[str, object]]]], list[dict[str, object]]]:
    schema = description()
    by_tag: dict[str, list[dict[str, object]]] = {}
    for one in _operations(schema):
        by_tag.setdefault(str(one["tag"]), []).append(one)
    documents = [
        {"name": name, "words": one.get("description", ""), "fields": _fields(one)}
        for name, one in sorted(schema["components"]["schemas"].items())
    ]
    return list(by_tag.items()), documents


@allow(*EVERYONE)
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation of the interface, and the documents that it takes and gives."""
    silent(request)
    parts, documents = _parts()
    return render(request, "api/reference.html", {"parts": parts, "documents": documents})


@allow(PUBLIC)
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:  # noqa: ARG001
    """Any other address below /api/."""
    return JsonResponse({"detail": "There is no such operation; /api/openapi.json lists them."}, status=404)
